import ArgumentParser
import DistTrain

/// What svdist prepare removes as silence.
struct TrimmingOptions: ParsableArguments {
  @Flag(
    help: """
      Remove silence before and after voice, by energy as Kaldi's compute-vad with its VoxCeleb recipe's constants; \
      \(VoiceActivity.margin) s beside voice stay. The output gets segments, and trimmed.tsv says what was kept. \
      Utterances whose times the source gives (segments, start and end, vad) stay as they are, so does CN-Celeb's \
      evaluation.
      """)
  var trimSilence = false

  @Option(
    help: ArgumentHelp(
      "With --trim-silence: the logarithm of a frame's energy is voice above this plus the mean's part "
        + "(default: \(VoiceActivity.usualThreshold)).", valueName: "log energy"))
  var vadEnergyThreshold: Double?

  @Option(
    help: ArgumentHelp(
      "With --trim-silence: the part of the recording's mean log energy that is added to the threshold "
        + "(default: \(VoiceActivity.usualMeanScale)).", valueName: "factor"))
  var vadEnergyMeanScale: Double?

  @Option(
    help: ArgumentHelp(
      "With --trim-silence: remove longer pauses between voice too; such utterances are written as 16-bit FLAC to the "
        + "output's svdist-audio, listed in joined.tsv.", valueName: "seconds"))
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
        "--longest-pause \(longestPause): give \(least) seconds or more, since \(VoiceActivity.margin) s beside voice stay"
      )
    }
  }

  /// What to look for voice by; nil where nothing is to be removed.
  var voice: VoiceActivity? {
    guard trimSilence else { return nil }
    return VoiceActivity(
      energyThreshold: vadEnergyThreshold ?? VoiceActivity.usualThreshold,
      meanScale: vadEnergyMeanScale ?? VoiceActivity.usualMeanScale, longestPause: longestPause)
  }
}
