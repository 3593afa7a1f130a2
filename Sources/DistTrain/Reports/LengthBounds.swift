/// The bounds in seconds that divide trials by length into a few classes.
package enum LengthBounds {
  private static let ladder = [
    0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 90, 120, 180, 300, 600,
  ]
  /// The fewest targets, and the fewest non-targets, of a class.
  private static let fewest = 50
  /// The share of the targets, and of the non-targets, that a class has at least: there are five classes at most.
  private static let share = 5

  /// Bounds of the ladder such that each class between them has targets and non-targets enough, the shortest trials'
  /// class first; none where all trials make up one class.
  /// - Parameter lengths: the seconds of each trial; nil where that is not known, which is in no class.
  package static func bounds(_ lengths: [Double?], targets: [Bool]) -> [Double] {
    precondition(lengths.count == targets.count, "a length for each trial")
    var rungs = [SIMD2<Int>](repeating: .zero, count: ladder.count + 1)
    for (length, isTarget) in zip(lengths, targets) {
      guard let length else { continue }
      rungs[ladder.firstIndex { length < $0 } ?? ladder.count] &+= isTarget ? SIMD2(1, 0) : SIMD2(0, 1)
    }
    var rest = rungs.reduce(.zero, &+)
    let least = (targets: max(fewest, rest.x / share), others: max(fewest, rest.y / share))
    func isEnough(_ trials: SIMD2<Int>) -> Bool { trials.x >= least.targets && trials.y >= least.others }
    var (own, bounds) = (SIMD2<Int>.zero, [Double]())
    for (bound, trials) in zip(ladder, rungs) {
      own &+= trials
      rest &-= trials
      if isEnough(own), isEnough(rest) {
        bounds.append(bound)
        own = .zero
      }
    }
    return bounds
  }
}
