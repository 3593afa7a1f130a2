/// The error rates of trials by a property of their utterances, such as sex, language or length.
package struct TrialGroups: Sendable {
  /// The trials of one group.
  package struct Row: Sendable, Equatable {
    /// The value that enrolment and test share, or both values, such as `f × m`.
    package let name: String
    package let trials: Int
    package let targets: Int
    /// The group's own equal error rate in percent; nil where it lacks targets or non-targets.
    package let eer: Double?
    /// The shares in percent of its targets that are rejected, and of its non-targets that are accepted, at the threshold
    /// at which all trials have equal error rates; nil where there are none.
    package let misses: Double?
    package let falseAlarms: Double?
  }

  /// The groups: those of one value in the order of the values, then those of two.
  package let rows: [Row]
  /// The places in the list of each group's trials, ascending.
  package let members: [[Int]]

  /// The most rows for pairs of two different values; of more, all are one row.
  private static let mostPairs = 10

  /// - Parameters:
  ///   - values: the number of the value of each trial's enrolment and test, as a place in `names`.
  ///   - names: the names of the values, in the order of rows.
  ///   - threshold: the highest score that is rejected.
  package init(
    scores: [Float], targets: [Bool], values: [(enrolment: Int, test: Int)], names: [String], threshold: Float
  ) {
    precondition(scores.count == values.count && scores.count == targets.count, "a pair of values for each trial")
    var members: [SIMD2<Int32>: [Int]] = [:]
    for (trial, pair) in values.enumerated() {
      let (first, second) = (min(pair.enrolment, pair.test), max(pair.enrolment, pair.test))
      members[SIMD2(Int32(first), Int32(second)), default: []].append(trial)
    }
    let equal = members.keys.filter { $0.x == $0.y }.sorted { $0.x < $1.x }
    let different = members.keys.filter { $0.x != $0.y }.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    var groups = equal.map { (name: names[Int($0.x)], trials: members[$0] ?? []) }
    if different.count > Self.mostPairs {
      groups.append((name: "different", trials: different.flatMap { members[$0] ?? [] }.sorted()))
    } else {
      groups += different.map { pair in
        (name: "\(names[Int(pair.x)]) × \(names[Int(pair.y)])", trials: members[pair] ?? [])
      }
    }
    self.members = groups.map(\.trials)
    rows = groups.map { group in
      Row(
        name: group.name, scores: group.trials.map { scores[$0] }, targets: group.trials.map { targets[$0] },
        threshold: threshold)
    }
  }
}

extension TrialGroups.Row {
  fileprivate init(name: String, scores: [Float], targets: [Bool], threshold: Float) {
    func percent(_ kind: Bool, _ isError: (Float) -> Bool) -> Double? {
      let own = zip(scores, targets).filter { $0.1 == kind }
      guard !own.isEmpty else { return nil }
      return 100 * Double(own.count { isError($0.0) }) / Double(own.count)
    }
    self.init(
      name: name, trials: scores.count, targets: targets.count(where: \.self),
      eer: (try? DetectionCurve(scores: scores, targets: targets))?.equalErrorRate().percent,
      misses: percent(true) { $0 <= threshold }, falseAlarms: percent(false) { $0 > threshold })
  }
}
