import Foundation

extension Augmentation {
  /// The columns of `record(of:)`.
  package static let columns = ["speed", "kind", "SNR in dB", "recordings", "codec", "gain in dB", "masks"]

  /// What was done to a row, a text for each column; `-` for nothing.
  package func record(of distortion: Distortion) -> [String] {
    let (kind, snr, recordings): (String, Double?, [String]) =
      switch distortion.interference {
      case .none: ("-", nil, [])
      case .noise(let file, let snr, _): ("noise", snr, [noises[file]])
      case .music(let file, let snr, _): ("music", snr, [music[file]])
      case .babble(let voices, let snr): ("babble", snr, voices.map(\.path))
      case .room(let file): ("room", nil, [rooms[file]])
      }
    let masks = distortion.masks.map {
      "\($0.bins.count) bins from \($0.bins.lowerBound) × "
        + "\($0.frames.count) frames from \($0.frames.lowerBound)"
    }
    return [
      "\(distortion.speed)", kind, snr.map { String(format: "%.1f", $0) } ?? "-", Self.list(recordings),
      distortion.codec?.rawValue ?? "-", distortion.gain == 0 ? "-" : String(format: "%.1f", distortion.gain),
      Self.list(masks),
    ]
  }

  private static func list(_ texts: [String]) -> String { texts.isEmpty ? "-" : texts.joined(separator: ", ") }
}
