import Foundation

/// The distortion of one row of a batch.
package struct Distortion: Sendable, Equatable {
  package var speed = 1.0
  package var interference = Augmentation.Interference.none
  package var codec: Codec?
  /// The gain in dB.
  package var gain = 0.0
  package var masks: [SpectralMask] = []

  package init() {}
}

extension Augmentation {
  /// The distortion of a row as the members of a JSON object: those parts of it that were drawn, and no others.
  package func json(of distortion: Distortion) -> [String] {
    var members: [String] = []
    if distortion.speed != 1 { members.append("\"speed\":\(JSONText.number(distortion.speed))") }
    if let interference = json(of: distortion.interference) { members.append(interference) }
    if let codec = distortion.codec { members.append("\"codec\":\(JSONText.quoted(codec.rawValue))") }
    if distortion.gain != 0 { members.append("\"gain\":\(JSONText.number(distortion.gain))") }
    if !distortion.masks.isEmpty {
      let masks = distortion.masks.map {
        "{\"bins\":[\($0.bins.lowerBound),\($0.bins.upperBound)],"
          + "\"frames\":[\($0.frames.lowerBound),\($0.frames.upperBound)]}"
      }
      members.append("\"masks\":[\(masks.joined(separator: ","))]")
    }
    return members
  }

  private func json(of interference: Interference) -> String? {
    switch interference {
    case .none: nil
    case .noise(let file, let snr, let offset): Self.json("noise", [(noises[file], offset)], snr: snr)
    case .music(let file, let snr, let offset): Self.json("music", [(music[file], offset)], snr: snr)
    case .babble(let voices, let snr): Self.json("babble", voices.map { ($0.path, $0.offset) }, snr: snr)
    case .room(let file): "\"room\":\(JSONText.quoted(rooms[file]))"
    }
  }

  private static func json(_ kind: String, _ recordings: [(path: String, offset: Double)], snr: Double) -> String {
    let list = recordings.map {
      "{\"recording\":\(JSONText.quoted($0.path)),\"offset\":\(JSONText.number($0.offset))}"
    }
    return "\"\(kind)\":[\(list.joined(separator: ","))],\"snr\":\(JSONText.number(snr))"
  }
}

extension Augmentation {
  /// The names of the columns of `record(of:)`.
  package static let columns = ["speed", "kind", "SNR in dB", "recordings", "codec", "gain in dB", "masks"]

  /// The distortion of a row as a text for each column; `-` stands for nothing.
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
