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

  /// What the settings cannot say of the features; nil where they say all.
  var lack: String? {
    guard self == .speechbrain else { return nil }
    return
      "SpeechBrain's features are not computed here (spectra of 400 points, filters linear in Hz, zeros beyond the ends, "
      + "decibels held within 80 of the loudest): with the nearest front end, which the encoder gets, its embeddings are not "
      + "those that SpeechBrain computes, and need training"
  }
}
