/// All that decides the result of a training run: defaults, overridden by a YAML file, overridden by `--set`.
///
/// The properties stand in the order of the keys in the file. What each setting means and may be is written once, in
/// the `settings` of its group: `svdist config` prints it.
public struct Configuration: Codable, Sendable, Equatable {
  package var seed: UInt64 = 1
  package var corpus = Corpus()
  package var crop = Crop()
  package var batch = Batch()
  package var views = Views()
  package var augmentation = Augmentation()
  package var features = Features()
  package var encoder = Encoder()
  package var classification = Classification()
  package var contrastive = Contrastive()
  package var weighting = Weighting()
  package var optimizer = Optimizer()
  package var schedule = Schedule()
  package var training = Training()
  package var evaluation = Evaluation()
  package var checkpoint = Checkpoint()
  /// The stages that the training goes through, one after another; none where it is of one piece. The settings above
  /// are then what a stage has where it names no value of its own.
  package var stages: [Stage] = []

  public init() {}

  /// Every setting of this configuration, in the order of the file.
  var settings: [Setting] { Self.settings(of: encoder.type, features.type) }

  /// Every setting of a configuration with such an encoder and such a front end, in the order of the file.
  /// - Parameter types: those that `encoder.type` can name.
  static func settings(
    of type: EncoderArchitecture, _ frontEnd: FrontEnd.Kind,
    among types: [EncoderArchitecture] = EncoderArchitecture.known
  ) -> [Setting] {
    beforeFeatures + Features.settings(of: frontEnd) + Encoder.settings(of: type, among: types) + afterEncoder
  }

  private static let beforeFeatures =
    [Setting("seed", \.seed, "seed of every random draw")]
    + Corpus.settings + Crop.settings + Batch.settings + Views.settings + Augmentation.settings
  private static let afterEncoder =
    Classification.settings + Contrastive.settings + Weighting.settings + Optimizer.settings + Schedule.settings
    + Training.settings + Evaluation.settings + Checkpoint.settings
}
