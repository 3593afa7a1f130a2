extension Augmentation {
  /// What was done to a row, as the members of a JSON object; nothing is left out that was drawn, what was not is.
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
