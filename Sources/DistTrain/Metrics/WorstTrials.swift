/// The trials that a system is most wrong about.
package struct WorstTrials: Sendable, Equatable {
  /// The places in the list of the targets with the lowest scores, the lowest first.
  package let targets: [Int]
  /// The places of the non-targets with the highest scores, the highest first.
  package let nonTargets: [Int]

  /// Trials of equal scores come in the order of the list.
  package init(_ trials: RankedTrials, count: Int) {
    func places(_ ranks: some Sequence<Int>) -> [Int] { ranks.prefix(count).map { Int(trials.positions[$0]) } }
    targets = places(trials.scores.indices.lazy.filter { trials.isTarget[$0] })
    // Equal scores are ranked in the order of the list, which a walk from the end would turn round.
    let highest = trials.scores.indices.reversed().lazy.filter { !trials.isTarget[$0] }.prefix(count)
    guard let last = highest.last else {
      nonTargets = []
      return
    }
    let bound = trials.scores[last]
    let ranks = trials.scores.indices.reversed().lazy.prefix { trials.scores[$0] >= bound }.filter {
      !trials.isTarget[$0]
    }
    nonTargets = Array(
      ranks.sorted { (-trials.scores[$0], $0) < (-trials.scores[$1], $1) }.map { Int(trials.positions[$0]) }.prefix(
        count))
  }
}
