/// A toolkit whose encoders are imported, by the features that its recipes compute.
package enum Toolkit: String, Sendable, CaseIterable {
  case wespeaker
  case speaker3D = "3d-speaker"
  case pyannote
  case speechbrain

  /// The settings of the front end that differ from svdist's own.
  var frontEnd: [String: String] {
    switch self {
    case .wespeaker: [:]
    case .pyannote: ["features.dither": "0"]
    case .speaker3D: ["features.window": "povey", "features.scale": "unit", "features.dither": "0"]
    case .speechbrain:
      [
        "features.edges": "mirror", "features.lowestFrequency": "0", "features.scale": "unit",
        "features.preEmphasis": "0",
        "features.logFloor": "1.0e-10", "features.dither": "0",
      ]
    }
  }

  /// What the features are multiples of natural logarithms by, which has no setting: the weights that read them are
  /// multiplied by it instead.
  var logarithm: Float { self == .speechbrain ? 4.342944819032518 : 1 }

  /// What the settings cannot say of the features; nil where they say all.
  var lack: String? {
    guard self == .speechbrain else { return nil }
    return
      "SpeechBrain's features are computed here only nearly: \(Self.usualSpectra), \(Self.speechbrainDifferences) (they are 10/ln 10 times "
      + "the logarithms here, by which the first convolution's weights are multiplied): embeddings are near to "
      + "SpeechBrain's, not equal to them"
  }

  /// The points of the spectra that SpeechBrain's recipes compute.
  static let speechbrainPoints = 400
  static let usualSpectra = "its spectra have \(speechbrainPoints) points"

  /// What no setting can say of SpeechBrain's features.
  static let speechbrainDifferences =
    "its filters are linear in Hz, its frames lie half a shift elsewhere, and its "
    + "decibels are held within 80 of the loudest"
}
