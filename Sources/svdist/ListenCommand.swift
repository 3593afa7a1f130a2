import ArgumentParser
import DistTrain
import Foundation

/// `svdist listen`: what augmentation makes of training's crops, to hear.
struct ListenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "listen",
    abstract: "Writes crops as training draws them, before and after augmentation, as WAV files.",
    discussion: """
      The pairs are the first rows of augmented views that a run with these settings would load: 001-clean.wav and \
      001-augmented.wav …, and pairs.tsv says what was done to each: speed, kind, recordings, SNR, codec, gain and the \
      masks of the features, which can't be heard.

      Example:
        svdist listen --config c.yaml --count 20 --output heard
      """)

  @OptionGroup var settings: ConfigurationOptions

  @Option(name: .shortAndLong, help: "The folder to write.")
  var output: String

  @Option(help: "How many pairs.")
  var count = 20

  @Flag(help: "Replace the output of an earlier svdist listen.")
  var overwrite = false

  private static let most = 1000

  func validate() throws {
    guard (1...Self.most).contains(count) else {
      throw ValidationError("--count: 1 to \(Self.most), found \(count)")
    }
  }

  /// All that the command may have written.
  private static var names: Set<String> {
    Set((1...most).flatMap { ["\(name($0))-clean.wav", "\(name($0))-augmented.wav"] } + ["pairs.tsv"])
  }

  private static func name(_ pair: Int) -> String { String(format: "%03d", pair) }

  func run() throws {
    let configuration = try settings.load()
    let replacing = overwrite ? Self.names : nil
    _ = try WholeFolder.check(output, replacing: replacing)
    guard (0..<configuration.batch.views).contains(where: { configuration.augments(view: $0) }) else {
      throw Failure(.usage, "no view is augmented: set views.augmented and a kind of augmentation; see svdist config")
    }
    guard let path = configuration.corpus.train else {
      throw Failure(.usage, "corpus.train: not set: name a data directory, --set corpus.train=DIR")
    }
    let plan = try TrainingPlan(configuration, corpus: Corpus.open(path))
    try WholeFolder.write(output, replacing: replacing) { folder in
      var lines = [["pair", "utterance", "speaker", "epoch", "view"] + Augmentation.columns]
      for (index, row) in rows(plan, configuration).enumerated() {
        let audition = try plan.loader.audition(row)
        let name = Self.name(index + 1)
        try AudioFile.write(audition.clean, to: "\(folder)/\(name)-clean.wav")
        try AudioFile.write(audition.augmented, to: "\(folder)/\(name)-augmented.wav")
        lines.append(
          [name, plan.corpus.utterances[row.utterance].id, plan.corpus.speakers[row.speaker], "\(row.epoch)"]
            + ["\(row.view)"] + plan.loader.augmentation.record(of: audition.distortion))
      }
      let text = lines.map { $0.joined(separator: "\t") + "\n" }.joined()
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/pairs.tsv"))
    }
    print("\(output): \(count) pairs, and pairs.tsv, which says what was done to each")
  }

  /// The first rows of augmented views.
  private func rows(_ plan: TrainingPlan, _ configuration: Configuration) -> [BatchRow] {
    var rows: [BatchRow] = []
    for step in 0... {
      rows += plan.sampler.batch(step: step).filter { configuration.augments(view: $0.view) }
      if rows.count >= count { break }
    }
    return Array(rows.prefix(count))
  }
}
