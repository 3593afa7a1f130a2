import DistTrain
import TestTools
import Testing

@Suite struct CohortScoresTests {
  private func random(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
    var stream = RandomStream(seed: 12, purpose: .test, item: item)
    return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.uniform(-1, 1)) })
  }

  /// The mean and the deviation of the highest of all inner products, sorted.
  private func plain(_ factors: Matrix, _ row: Int, _ cohort: Matrix, top: Int) -> (mean: Double, deviation: Double) {
    let scores = (0..<cohort.rows).map { other in
      (0..<factors.columns).reduce(0.0) { $0 + Double(factors[row, $1]) * Double(cohort[other, $1]) }
    }
    let highest = scores.sorted(by: >).prefix(top)
    let mean = highest.reduce(0, +) / Double(top)
    let squares = highest.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(top)).squareRoot())
  }

  @Test(arguments: [2, 3, 50, 299, 300, nil])
  func `the highest scores have the mean and the deviation of a sorted list`(top: Int?) throws {
    let (factors, cohort) = (random(131, 7, item: 1), random(300, 7, item: 2))
    let names = (0..<131).map { "u\($0)" }
    let found = try CohortScores(factors, against: cohort, top: top, names: names, communicator: SoleCommunicator())
    for row in [0, 64, 127, 128, 130] {
      let expected = plain(factors, row, cohort, top: top ?? 300)
      #expect(abs(found.means[row] - expected.mean) < 1e-6 && abs(found.deviations[row] - expected.deviation) < 1e-6)
    }
  }

  @Test func `more than the cohort has are all it has, and threads change no bit`() throws {
    let (factors, cohort) = (random(300, 16, item: 3), random(700, 16, item: 4))
    let names = (0..<300).map { "u\($0)" }
    let all = try CohortScores(factors, against: cohort, top: nil, names: names, communicator: SoleCommunicator())
    ThreadTeam.shared.grow(to: 3)
    let more = try CohortScores(factors, against: cohort, top: 10_000, names: names, communicator: SoleCommunicator())
    #expect(all.means == more.means && all.deviations == more.deviations)
  }

  @Test(arguments: [2, 3, 5]) func `ranks share the vectors, with the bits of one rank`(ranks: Int) throws {
    let names = (0..<260).map { "u\($0)" }
    let alone = try CohortScores(
      random(260, 16, item: 5), against: random(90, 16, item: 6), top: 20, names: names,
      communicator: SoleCommunicator())
    let together = try ThreadCommunicator.run(ranks: ranks) { communicator in
      try CohortScores(
        random(260, 16, item: 5), against: random(90, 16, item: 6), top: 20, names: names, communicator: communicator)
    }
    for found in together { #expect(found.means == alone.means && found.deviations == alone.deviations) }
  }

  @Test func `equal scores among the highest count as often as there is room`() throws {
    let cohort = Matrix(rows: 6, columns: 1, [1, 0.5, 0.5, 0.5, 0.25, 2])
    let found = try CohortScores(
      Matrix(rows: 1, columns: 1, [1]), against: cohort, top: 4, names: ["a"], communicator: SoleCommunicator())
    #expect(found.means == [1] && abs(found.deviations[0] - (1.5 / 4.0).squareRoot()) < 1e-15)
  }

  @Test func `scores without deviation, or not finite, are told with the name`() {
    let cohort = Matrix(rows: 3, columns: 1, [2, 2, 1])
    let equal = failure {
      _ = try CohortScores(
        Matrix(rows: 2, columns: 1, [1, 3]), against: cohort, top: 2, names: ["a", "b"],
        communicator: SoleCommunicator())
    }
    #expect(
      equal?.kind == .badData && equal?.message.contains("the 2 scores of a against the cohort are all equal") == true)
    let infinite = failure {
      _ = try CohortScores(
        Matrix(rows: 2, columns: 1, [-1, .infinity]), against: cohort, top: 3, names: ["a", "b"],
        communicator: SoleCommunicator())
    }
    #expect(infinite?.message.contains("the scores of b against the cohort are not finite") == true)
  }
}
