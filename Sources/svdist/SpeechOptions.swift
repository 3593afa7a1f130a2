import ArgumentParser
import DistTrain

/// The option for how much speech a recording must have.
struct SpeechOptions: ParsableArguments {
  /// Below it, the EER of a published CAM++ on middles of speechocean762's recordings is several times that of whole ones.
  static let usual = 0.5

  @Option(
    help: ArgumentHelp(
      "Refuse a recording with less speech than this, without its pauses; 0 refuses none for it (default: \(usual)).",
      valueName: "seconds"), transform: OptionRange.decimal)
  var minimumSpeech: Double?

  func validate() throws {
    try OptionRange.check("--minimum-speech", minimumSpeech, in: 0...3600, unit: " seconds")
  }

  /// The least speech in seconds.
  var seconds: Double { minimumSpeech ?? Self.usual }
}
