extension Configuration {
  /// The settings of the front end.
  package typealias Features = FrontEnd

  /// A message about the first settings of the front end that contradict each other, in one line; nil where none do.
  var frontEndDisagreement: String? {
    let (length, shift) = (features.frameLength.yaml, features.frameShift.yaml)
    let (lowest, highest) = (features.lowestFrequency.yaml, features.highestFrequency.yaml)
    if features.frameShift > features.frameLength {
      return "features.frameShift: at most features.frameLength (\(length)), found \(shift)"
    }
    if features.highestFrequency <= features.lowestFrequency {
      return "features.highestFrequency: above features.lowestFrequency (\(lowest)), found \(highest)"
    }
    // One empty filter in a hundred does no more harm than a constant feature; 127 and 128 filters have one by default.
    let empty = features.triangles.empty
    if 100 * empty > features.bins {
      return "features.bins: \(empty) of \(features.bins) filters from \(lowest) to \(highest) Hz lie between the "
        + "\(features.points) points of a spectrum: take fewer"
        + (features.type == .speechbrain ? "" : ", or a longer features.frameLength")
    }
    return nil
  }

  /// A message about masks that the front end leaves no value for, in one line; nil where there are none.
  var maskingDisagreement: String? {
    guard augmentation.specAugment.probability > 0, features.meanRemoval == .none else { return nil }
    return "features.meanRemoval: none has no mean that augmentation.specAugment could mask with: set utterance, or "
      + "augmentation.specAugment.probability: 0"
  }
}

extension FrontEnd {
  /// The key that sets several settings of Kaldi's kind at once. It is none of them: what it sets is stored.
  static let profileKey = "features.profile"
  /// The line about it among the settings with their meanings.
  static let profileComment =
    "  # profile: \(Profile.choices ?? ""); sets window, edges, frequencies, scale and mean removal"

  /// The settings of a front end of a kind.
  static func settings(of type: Kind) -> [Setting] {
    switch type {
    case .kaldi: settings
    case .tfmel: settings.filter { standardizedKeys.contains($0.key) }
    case .speechbrain: settings.filter { paddedKeys.contains($0.key) }
    }
  }

  /// The keys of what `tfmel` leaves open.
  private static let standardizedKeys: Set = [
    "features.type", "features.bins", "features.frameLength", "features.frameShift", "features.lowestFrequency",
    "features.highestFrequency", "features.preEmphasis",
  ]

  /// The keys of what `speechbrain` leaves open.
  private static let paddedKeys: Set = [
    "features.type", "features.bins", "features.frameShift", "features.lowestFrequency", "features.highestFrequency",
  ]

  private static let settings = [
    Setting("features.type", \.features.type, "Kaldi's filter bank, ReDimNet2's or SpeechBrain's"),
    Setting("features.bins", \.features.bins, "mel filters", allowed: .from(8, to: 128)),
    Setting("features.window", \.features.window, "weights of a frame's samples"),
    Setting(
      "features.frameLength", \.features.frameLength, "length of a frame in ms", allowed: .milliseconds(5, to: 100)),
    Setting(
      "features.frameShift", \.features.frameShift, "ms from one frame to the next", allowed: .milliseconds(1, to: 100)),
    Setting(
      "features.edges", \.features.edges, "frames at the ends: only whole ones, or one per shift, mirrored"),
    Setting(
      "features.lowestFrequency", \.features.lowestFrequency, "Hz where the lowest filter begins",
      allowed: .from(0, below: Double(sampleRate) / 2)),
    Setting(
      "features.highestFrequency", \.features.highestFrequency, "Hz where the highest filter ends",
      allowed: .upTo(Double(sampleRate) / 2)),
    Setting("features.scale", \.features.scale, "full scale of samples: 32768, or 1"),
    Setting(
      "features.preEmphasis", \.features.preEmphasis, "share of a sample that is subtracted from the next",
      allowed: .from(0, to: 1)),
    Setting(
      "features.logFloor", \.features.logFloor, "smallest energy before the logarithm", allowed: .from(1e-30, to: 1)),
    Setting("features.meanRemoval", \.features.meanRemoval, "whether each bin's mean over the utterance is removed"),
    Setting(
      "features.dither", \.features.dither,
      "noise added in training, in steps of 16-bit samples; 0 = none", allowed: .from(0, to: steps)),
  ]
}

extension Allowed<Double> {
  /// The allowed lengths of a frame, or of the shift from one frame to the next.
  fileprivate static func milliseconds(_ low: Double, to high: Double) -> Self {
    Allowed(text: "\(low.yaml) to \(high.yaml) in whole samples, 0.0625 each") {
      low <= $0 && $0 <= high && FrontEnd.isWhole(milliseconds: $0)
    }
  }

  fileprivate static func upTo(_ high: Double) -> Self {
    Allowed(text: "above 0 to \(high.yaml)") { 0 < $0 && $0 <= high }
  }
}

extension FrontEnd.Kind: Choice {}
extension FrontEnd.Profile: Choice {}
extension FrontEnd.Window: Choice {}
extension FrontEnd.Edges: Choice {}
extension FrontEnd.Scale: Choice {}
extension FrontEnd.MeanRemoval: Choice {}
