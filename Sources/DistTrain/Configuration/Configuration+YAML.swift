extension Configuration {
  /// The configuration as the file that a run stores, which reads back as an equal value.
  package var yaml: String { render(explained: false) }

  /// The configuration with a comment behind each setting: its meaning, unit and choices.
  package var explainedYAML: String { render(explained: true) }

  private func render(explained: Bool) -> String {
    var lines = notes.map { "# note: \($0)" }
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
      let padding = String(repeating: " ", count: max(0, 34 - line.count))
      lines.append(explained ? "\(line)\(padding)  # \(setting.meaning)" : line)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
