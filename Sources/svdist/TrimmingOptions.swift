import ArgumentParser
import DistTrain

/// The options for what svdist prepare removes as silence.
struct TrimmingOptions: ParsableArguments {
  @Flag(
    help: """
      Remove silence before and after the voice, judged by energy like Kaldi's compute-vad with the constants of its \
      VoxCeleb recipe; \(VoiceActivity.margin) s on either side of the voice stay. The output gets segments, and \
      trimmed.tsv says what was kept. Utterances whose times the source gives (segments, start and end, vad) stay as \
      they are, and so does CN-Celeb's evaluation.
      """)
  var trimSilence = false

  @Option(
    help: ArgumentHelp(
      "With --trim-silence: a frame is voice if the logarithm of its energy is above this plus a part of the mean "
        + "(default: \(VoiceActivity.usualThreshold)).", valueName: "log energy"), transform: OptionRange.decimal)
  var vadEnergyThreshold: Double?

  @Option(
    help: ArgumentHelp(
      "With --trim-silence: the factor on the recording's mean log energy that is added to the threshold "
        + "(default: \(VoiceActivity.usualMeanScale)).", valueName: "factor"), transform: OptionRange.decimal)
  var vadEnergyMeanScale: Double?

  @Option(
    help: ArgumentHelp(
      "With --trim-silence: also remove longer pauses within utterances. Such utterances are written as 16-bit FLAC to "
        + "the output's svdist-audio and listed in joined.tsv.", valueName: "seconds"), transform: OptionRange.decimal)
  var longestPause: Double?

  func validate() throws {
    let settings = [
      ("--vad-energy-threshold", vadEnergyThreshold), ("--vad-energy-mean-scale", vadEnergyMeanScale),
      ("--longest-pause", longestPause),
    ]
    if !trimSilence, let (name, _) = settings.first(where: { $0.1 != nil }) {
      throw ValidationError("\(name) says what --trim-silence removes: give both or neither")
    }
    try OptionRange.check("--vad-energy-threshold", vadEnergyThreshold, in: -1000...1000)
    try OptionRange.check("--vad-energy-mean-scale", vadEnergyMeanScale, in: 0...1)
    let least = 2 * VoiceActivity.margin
    if let longestPause, !(longestPause >= least && longestPause <= AudioFile.longest) {
      throw ValidationError(
        "--longest-pause \(longestPause): give \(least) seconds or more, since \(VoiceActivity.margin) s on either side of "
          + "the voice stay"
      )
    }
  }

  /// The rule that finds voice; nil if nothing is to be removed.
  var voice: VoiceActivity? {
    guard trimSilence else { return nil }
    return VoiceActivity(
      energyThreshold: vadEnergyThreshold ?? VoiceActivity.usualThreshold,
      meanScale: vadEnergyMeanScale ?? VoiceActivity.usualMeanScale, longestPause: longestPause)
  }
}
