/// Pairs of an enrolment and a test, each of one speaker (target) or of two speakers (non-target).
public struct TrialList: Sendable {
  /// A trial as indices into `names`, in 12 bytes because lists of millions are common.
  public struct Trial: Sendable, Equatable {
    private let enrolmentIndex: Int32
    private let testIndex: Int32
    /// Whether enrolment and test are of one speaker.
    package let isTarget: Bool

    package init(enrolment: Int, test: Int, isTarget: Bool) {
      enrolmentIndex = Int32(enrolment)
      testIndex = Int32(test)
      self.isTarget = isTarget
    }

    /// The position of the enrolment in `names`.
    package var enrolment: Int { Int(enrolmentIndex) }
    /// The position of the test in `names`.
    package var test: Int { Int(testIndex) }
  }

  /// The path of the file that the list was read from.
  package let path: String
  /// The names of utterances and enrolments, each once, in the order in which they first appear.
  public let names: [String]
  public let trials: [Trial]
  /// The number of trials before each line that holds none.
  private let emptyLines: [Int]

  package init(path: String, names: [String], trials: [Trial], emptyLines: [Int] = []) {
    self.path = path
    self.names = names
    self.trials = trials
    self.emptyLines = emptyLines
  }

  /// Whether each trial is a target.
  public var targets: [Bool] { trials.map(\.isTarget) }

  /// The line, counted from 1, on which a trial stands.
  package func line(of trial: Int) -> Int {
    trial + 1 + emptyLines.prefix { $0 <= trial }.count
  }
}
