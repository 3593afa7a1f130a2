/// The mean and the standard deviation of each vector's scores against a cohort.
package struct CohortScores: Sendable {
  package let means: [Double]
  package let deviations: [Double]

  /// The rows that are scored at a time: their scores against a cohort of 10,000 take 5 MB.
  private static let block = 128

  /// Scores vectors against a cohort; the result does not depend on the number of threads.
  /// - Parameters:
  ///   - factors: vectors × n, whose inner products with the cohort's are scores.
  ///   - cohort: cohort vectors × n.
  ///   - top: how many of the highest scores of each vector count; nil for all.
  ///   - names: the name of each vector.
  /// - Complexity: O(vectors · cohort · n) time; the memory does not grow with the vectors.
  /// - Throws: `Failure(.badData)` that names a vector whose scores are not finite, or do not differ by more than their
  ///   rounding.
  package init(_ factors: Matrix, against cohort: Matrix, top: Int?, names: [String]) throws {
    let count = min(top ?? cohort.rows, cohort.rows)
    let found = Matrix(rows: min(Self.block, factors.rows), columns: cohort.rows)
    let room = Matrix(rows: found.rows, columns: cohort.rows)
    var means: [Double] = []
    var deviations: [Double] = []
    for first in stride(from: 0, to: factors.rows, by: Self.block) {
      let rows = min(Self.block, factors.rows - first)
      multiply(factors.rows(first..<first + rows), transposed: cohort.view, into: found.rows(0..<rows))
      let statistics = ThreadTeam.shared.results(rows) { row in
        TopScores.statistics(
          UnsafeBufferPointer(start: found.row(row), count: cohort.rows), count: count,
          room: UnsafeMutableBufferPointer(start: room.row(row), count: cohort.rows))
      }
      for (row, result) in statistics.enumerated() {
        let (mean, deviation) = try result.get()
        try Self.check(mean, deviation, of: names[first + row], count)
        means.append(mean)
        deviations.append(deviation)
      }
    }
    (self.means, self.deviations) = (means, deviations)
  }

  private static func check(_ mean: Double, _ deviation: Double, of name: String, _ count: Int) throws {
    guard mean.isFinite, deviation.isFinite else {
      throw Failure(.badData, "the scores of \(name) against the cohort are not finite: is its embedding broken?")
    }
    // Scores of single precision differ by their rounding alone.
    guard deviation > 1e-6 * abs(mean) else {
      throw Failure(
        .badData,
        "the \(count) scores of \(name) against the cohort are all equal: their deviation is 0, by which none can be "
          + "divided: give a cohort of different speakers")
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
