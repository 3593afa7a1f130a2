/// How a run tells of itself.
package struct RunDisplay: Sendable {
  package enum Format: String, CaseIterable, Sendable {
    /// Lines for people, and a bar on a terminal.
    case text
    /// One JSON object a line (`RunEvent`).
    case json
  }

  package var format: Format
  /// Whether nothing is told but the run's end and, on standard error, warnings.
  package var isQuiet: Bool

  package init(format: Format = .text, isQuiet: Bool = false) {
    self.format = format
    self.isQuiet = isQuiet
  }

  /// Whether progress is shown to a person.
  package var showsProgress: Bool { format == .text && !isQuiet }
}
