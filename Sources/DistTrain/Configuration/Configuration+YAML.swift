extension Configuration {
  /// The configuration as the file that a run stores, which reads back as an equal value.
  package var yaml: String { render(explained: false) }

  /// The configuration with a comment behind each setting: its meaning, unit and choices.
  package var explainedYAML: String { render(explained: true) }

  private func render(explained: Bool) -> String {
    let lines =
      notes.map { "# note: \($0)" } + lines(settings, explained: explained) + linesOfStages(explained: explained)
    return lines.joined(separator: "\n") + "\n"
  }

  /// Settings in their groups, a line each.
  private func lines(_ settings: [Setting], explained: Bool) -> [String] {
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
      let line = String(repeating: "  ", count: groups.count) + "\(path[groups.count]): \(setting.text(self))"
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
