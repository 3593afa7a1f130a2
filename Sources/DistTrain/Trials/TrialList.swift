/// Pairs of an enrolment and a test, each of one speaker (target) or of two (non-target).
package struct TrialList: Sendable {
  /// Indices into `names`; 12 bytes, as lists of millions are common.
  package struct Trial: Sendable, Equatable {
    private let enrolmentIndex: Int32
    private let testIndex: Int32
    package let isTarget: Bool

    package init(enrolment: Int, test: Int, isTarget: Bool) {
      enrolmentIndex = Int32(enrolment)
      testIndex = Int32(test)
      self.isTarget = isTarget
    }

    package var enrolment: Int { Int(enrolmentIndex) }
    package var test: Int { Int(testIndex) }
  }

  /// The file it was read from.
  package let path: String
  /// Utterances and enrolments, each once, in the order in which they first come.
  package let names: [String]
  package let trials: [Trial]
  /// How many trials stand before each line without any.
  private let emptyLines: [Int]

  package init(path: String, names: [String], trials: [Trial], emptyLines: [Int] = []) {
    self.path = path
    self.names = names
    self.trials = trials
    self.emptyLines = emptyLines
  }

  /// Whether each trial is a target.
  package var targets: [Bool] { trials.map(\.isTarget) }

  /// The line, from 1, on which a trial stands.
  package func line(of trial: Int) -> Int {
    trial + 1 + emptyLines.prefix { $0 <= trial }.count
  }
}
