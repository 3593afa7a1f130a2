/// The speakers of trials, numbered from 0.
package struct TrialSpeakers: Sendable {
  /// The speaker of each trial's enrolment and test, in the order of the list.
  package let enrolments: [Int32]
  package let tests: [Int32]
  /// The number of speakers.
  package let count: Int

  /// Numbers the speakers that occur in trials by the order in which they first do.
  /// - Parameters:
  ///   - pairs: the positions of each trial's enrolment and test in `speakers`.
  ///   - speakers: any number that tells speakers apart, of each name.
  package init(pairs: [(enrolment: Int, test: Int)], speakers: [Int]) {
    var numbers: [Int: Int32] = [:]
    func number(_ name: Int) -> Int32 {
      if let known = numbers[speakers[name]] { return known }
      let new = Int32(numbers.count)
      numbers[speakers[name]] = new
      return new
    }
    var (enrolments, tests): ([Int32], [Int32]) = ([], [])
    enrolments.reserveCapacity(pairs.count)
    tests.reserveCapacity(pairs.count)
    for pair in pairs {
      enrolments.append(number(pair.enrolment))
      tests.append(number(pair.test))
    }
    self.enrolments = enrolments
    self.tests = tests
    count = numbers.count
  }
}

extension TrialSpeakers {
  /// The speakers as the answers tell them: names that target trials join, directly or over others, are of one speaker.
  /// - Parameters:
  ///   - pairs: the positions of each trial's enrolment and test among `names` names.
  ///   - targets: whether each trial is a target.
  package init(pairs: [(enrolment: Int, test: Int)], targets: [Bool], names: Int) {
    var parents = Array(0..<names)
    func root(_ name: Int) -> Int {
      var name = name
      while parents[name] != name {
        parents[name] = parents[parents[name]]
        name = parents[name]
      }
      return name
    }
    for (pair, isTarget) in zip(pairs, targets) where isTarget {
      let (first, second) = (root(pair.enrolment), root(pair.test))
      parents[max(first, second)] = min(first, second)
    }
    self.init(pairs: pairs, speakers: (0..<names).map(root))
  }
}
