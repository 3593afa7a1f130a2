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
    case .speechbrain: ["features.type": "speechbrain"]
    }
  }
}
