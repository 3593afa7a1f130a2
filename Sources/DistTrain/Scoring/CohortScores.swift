/// The mean and the standard deviation of each vector's scores against a cohort.
package struct CohortScores: Sendable {
  package let means: [Double]
  package let deviations: [Double]

  /// The rows that are scored at a time: their scores against a cohort of 10,000 take 5 MB.
  private static let block = 128

  /// Scores vectors against a cohort, on every rank; each rank scores its share of them. The result does not depend on the
  /// number of ranks and threads.
  /// - Parameters:
  ///   - factors: vectors × n, whose inner products with the cohort's are scores.
  ///   - cohort: cohort vectors × n.
  ///   - top: how many of the highest scores of each vector count; nil for all.
  ///   - names: the name of each vector.
  ///   - scored: is told how many more vectors this rank has scored.
  /// - Complexity: O(vectors · cohort · n) time; the memory does not grow with the vectors.
  /// - Throws: `AgreedFailure` of kind `badData` that names the first vector whose scores are not finite, or do not differ
  ///   by more than their rounding.
  package init(
    _ factors: Matrix, against cohort: Matrix, top: Int?, names: [String], communicator: any Communicator,
    scored: WorkCounting.Advance = { _ in }
  ) throws {
    let count = min(top ?? cohort.rows, cohort.rows)
    let statistics = try communicator.shared(factors.rows, width: 2) { share in
      try Self.statistics(factors, share, against: cohort, count: count, names: names, scored)
    }
    means = stride(from: 0, to: statistics.count, by: 2).map { statistics[$0] }
    deviations = stride(from: 1, to: statistics.count, by: 2).map { statistics[$0] }
  }

  /// The mean and the deviation of each row of a stretch, one row after the other.
  private static func statistics(
    _ factors: Matrix, _ share: Range<Int>, against cohort: Matrix, count: Int, names: [String],
    _ scored: WorkCounting.Advance
  ) throws -> [Double] {
    guard !share.isEmpty else { return [] }
    let found = Matrix(rows: min(block, share.count), columns: cohort.rows)
    let room = Matrix(rows: found.rows, columns: cohort.rows)
    var all: [Double] = []
    for first in stride(from: share.lowerBound, to: share.upperBound, by: block) {
      let rows = min(block, share.upperBound - first)
      multiply(factors.rows(first..<first + rows), transposed: cohort.view, into: found.rows(0..<rows))
      let statistics = ThreadTeam.shared.results(rows) { row in
        TopScores.statistics(
          UnsafeBufferPointer(start: found.row(row), count: cohort.rows), count: count,
          room: UnsafeMutableBufferPointer(start: room.row(row), count: cohort.rows))
      }
      for (row, result) in statistics.enumerated() {
        let (mean, deviation) = try result.get()
        try check(mean, deviation, of: names[first + row], count)
        all += [mean, deviation]
      }
      scored(rows)
    }
    return all
  }

  private static func check(_ mean: Double, _ deviation: Double, of name: String, _ count: Int) throws {
    guard mean.isFinite, deviation.isFinite else {
      throw Failure(.badData, "the scores of \(name) against the cohort are not finite: is its embedding broken?")
    }
    // Scores of single precision differ by their rounding alone.
    guard deviation > 1e-6 * abs(mean) else {
      throw Failure(
        .badData,
        "the \(count.counted("score")) of \(name) against the cohort are all equal: their deviation is 0, by which "
          + "none can be divided: give a cohort of different speakers")
    }
  }

  /// The score of a trial, normalised on both sides: ½·[(s − μe)/σe + (s − μt)/σt].
  static func normalized(_ score: Double, _ enrolment: (CohortScores, Int), _ test: (CohortScores, Int)) -> Double {
    func side(_ scores: CohortScores, _ index: Int) -> Double {
      (score - scores.means[index]) / scores.deviations[index]
    }
    return 0.5 * (side(enrolment.0, enrolment.1) + side(test.0, test.1))
  }
}
