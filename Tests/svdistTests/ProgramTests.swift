import Testing

/// Holds the tests that let the built program train: one after the other, since each wants the machine's cores. They
/// mostly wait for it, so that `scripts/test` runs three of their suites at a time.
@Suite(.serialized) enum ProgramTests {}

/// Whether the program ended with a status and one clear line on standard error that holds all of these words.
func expectRefusal(
  _ outcome: Outcome, _ status: Int32, _ words: String..., underLauncher: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: sourceLocation)
  #expect(outcome.complaints.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
  let lines = outcome.errors.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("note: ") }
  if !underLauncher { #expect(lines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation) }
  for word in words {
    #expect(outcome.complaints.first?.contains(word) == true, "\(word): \(lines)", sourceLocation: sourceLocation)
  }
  for sign in ["Fatal error", "Stack dump", "Backtrace", "Program crashed"] {
    #expect(!outcome.errors.contains(sign), "\(outcome.errors)", sourceLocation: sourceLocation)
  }
}

/// Expects that a command line is refused as such, before anything is done.
func expectUsage(
  _ outcome: Outcome, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome.errors)", sourceLocation: sourceLocation)
  for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: sourceLocation) }
}
