/// A line of a list of trials or enrolments that is wrong.
package struct ListFault: Error, Sendable, Equatable {
  /// The line of the file, counted from 1.
  package let line: Int
  package let what: String

  func failure(in path: String) -> Failure { Failure(.badData, "\(path), line \(line): \(what)") }
}

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
  /// The trials in the order of the file.
  public let trials: [Trial]
  /// Whether the list has no answers, so that its trials can be scored but not judged.
  package let isBlind: Bool
  /// The lines that were passed over; none unless the list was read leniently.
  package let faults: [ListFault]
  /// The gaps of lines without a trial, ascending.
  private let gaps: [Gap]

  /// Lines that hold no trial.
  struct Gap {
    /// The trial before which they come.
    let trial: Int
    /// The number of lines without a trial from the beginning of the file to here.
    let lines: Int
  }

  package init(path: String, names: [String], trials: [Trial]) {
    self.init(path: path, names: names, trials: trials, gaps: [], isBlind: false)
  }

  init(
    path: String, names: [String], trials: [Trial], gaps: [Gap], isBlind: Bool, faults: [ListFault] = []
  ) {
    self.faults = faults
    self.path = path
    self.names = names
    self.trials = trials
    self.gaps = gaps
    self.isBlind = isBlind
  }

  /// Whether each trial is a target.
  public var targets: [Bool] { trials.map(\.isTarget) }

  /// The line, counted from 1, on which a trial stands.
  package func line(of trial: Int) -> Int {
    trial + 1 + (gaps.last { $0.trial <= trial }?.lines ?? 0)
  }
}

extension TrialList {
  /// Checks that there are targets and non-targets, without which there are no error rates and no calibration.
  /// - Throws: `Failure(.badData)` that names the list.
  package func checkBothKinds() throws {
    let kinds = trials.count(where: \.isTarget)
    guard kinds > 0, kinds < trials.count else {
      throw Failure(
        .badData,
        "\(path): all \(trials.count) trials are \(kinds == 0 ? "non-targets" : "targets"): both kinds are needed")
    }
  }

  /// One line about trials that stand in the list several times; nil where each is there once.
  package var repetitions: String? {
    var seen = Set<UInt64>(minimumCapacity: trials.count)
    var first: Int?
    var count = 0
    for (index, trial) in trials.enumerated() {
      guard !seen.insert(UInt64(trial.enrolment) << 32 | UInt64(trial.test)).inserted else { continue }
      first = first ?? index
      count += 1
    }
    guard let first else { return nil }
    let trial = trials[first]
    return "\(path): \(count) of \(trials.count) trials repeat others and count again, the first in line "
      + "\(line(of: first)): \(names[trial.enrolment]) \(names[trial.test])"
  }
}
