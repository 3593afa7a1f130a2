extension Configuration {
  /// The configuration as the file that a run stores, which reads back as an equal value.
  package var yaml: String { render(explained: false) }

  /// The configuration with a comment behind each setting: its meaning, unit and choices.
  package var explainedYAML: String { render(explained: true) }

  /// What differs from the defaults of this type of encoder and front end, and the notes, as a file that reads back as an
  /// equal value.
  package var differingYAML: String {
    let all = Configuration()
    let types = ["encoder.type=\(encoder.type.name)", "features.type=\(features.type.rawValue)"]
    // An encoder that does not take the usual features has no defaults as a whole: then more is named than differs.
    let plain = (try? Self.load(file: nil, overrides: types, encoders: [encoder.type])) ?? all
    let differing = settings.filter { setting in
      let isType = ["encoder.type", "features.type"].contains(setting.key)
      return setting.text(self) != setting.text(isType ? all : plain)
    }
    return Self.text(
      notes.map { "# note: \($0)" } + lines(differing, explained: false) + linesOfStages(explained: false))
  }

  /// Settings with their meaning, unit and choices.
  /// - Parameter key: the key of a setting or a group.
  /// - Throws: `Failure(.usage)` for another key, with near ones.
  package func explanation(of key: String) throws -> String {
    try Self.checkKeys([key], option: "--explain")
    let named = settings.filter { $0.key == key || $0.key.hasPrefix(key + ".") }
    guard !named.isEmpty else {
      throw Failure(.usage, "--explain \(key): other types of encoder or front end have it: name them by --set as well")
    }
    return Self.text(lines(named, explained: true))
  }

  /// Settings of the configuration, each below a comment with the reason for its value, as a file that reads back as an
  /// equal value where no other setting differs from its default.
  /// - Parameter reasons: a line for each setting that the file names, by its key.
  package func yaml(reasons: [String: String]) -> String {
    Self.text(lines(settings.filter { reasons[$0.key] != nil }, explained: false, reasons: reasons))
  }

  private func render(explained: Bool) -> String {
    Self.text(
      notes.map { "# note: \($0)" } + lines(settings, explained: explained) + linesOfStages(explained: explained))
  }

  private static func text(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

  /// Settings in their groups, a line each, below the reason for the setting where there is one.
  private func lines(_ settings: [Setting], explained: Bool, reasons: [String: String] = [:]) -> [String] {
    var lines: [String] = []
    var open: [Substring] = []
    for setting in settings {
      let path = setting.key.split(separator: ".")
      let groups = path.dropLast()
      let shared = zip(open, groups).prefix { $0 == $1 }.count
      for depth in shared..<groups.count {
        lines.append(String(repeating: "  ", count: depth) + groups[depth] + ":")
      }
      open = Array(groups)
      if explained, setting.key == "features.window" {
        lines.append(FrontEnd.profileComment)
      }
      let indent = String(repeating: "  ", count: groups.count)
      if let reason = reasons[setting.key] { lines.append("\(indent)# \(reason)") }
      let line = "\(indent)\(path[groups.count]): \(setting.text(self))"
      lines.append(explained ? Self.explained(line, setting.meaning) : line)
    }
    return lines
  }

  /// The stages with what each has of its own. A file without stages says nothing of them unless it explains.
  private func linesOfStages(explained: Bool) -> [String] {
    guard explained || !stages.isEmpty else { return [] }
    let first = "\(StagePlace.key):\(stages.isEmpty ? " []" : "")"
    let items = zip(stages, ofStages).flatMap { _, stage in
      let own = stage.lines(
        changeableSettings.filter { $0.text(stage) != $0.text(self) }, explained: explained)
      return (own.isEmpty ? ["{}"] : own).enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
    }
    let meaning = "in turn, each with what differs from the above: [{}, {crop: {seconds: 6}}]"
    return [explained ? Self.explained(first, meaning) : first] + items
  }

  private static func explained(_ line: String, _ meaning: String) -> String {
    "\(line)\(String(repeating: " ", count: max(0, 34 - line.count)))  # \(meaning)"
  }
}
