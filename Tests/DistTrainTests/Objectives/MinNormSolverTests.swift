import DistTrain
import Testing

@Suite struct MinNormSolverTests {
  struct Record: Decodable {
    struct Case: Decodable {
      let name: String?
      let gradients: [[Double]]
      let gram: [[Double]]
      let weights: [Double]
      let squaredNorm: Double
      let losses: [Double]?
      let normalized: [String: [Double]]?
    }
    let two: [Case]
  }

  @Test func `two objectives' weights equal the golden ones under every normalisation`() throws {
    let record = try Golden.record("solver", as: Record.self)
    #expect(record.two.count > 3)
    for one in record.two {
      let gram = one.gradients.map { row in one.gradients.map { zip(row, $0).reduce(0) { $0 + $1.0 * $1.1 } } }
      let losses = one.losses ?? [1, 1]
      let weights = MinNormSolver().weights(gram: gram, losses: losses, present: [true, true])
      #expect(abs((weights?[0] ?? .nan) - one.weights[0]) < 1e-9, "\(one.name ?? "")")
      for (name, expected) in one.normalized ?? [:] {
        let normalization = try #require(MinNormSolver.Normalization(rawValue: name))
        let weights = MinNormSolver(normalization: normalization).weights(
          gram: gram, losses: losses, present: [true, true])
        #expect(abs((weights?[0] ?? .nan) - expected[0]) < 1e-9, "\(one.name ?? "") \(name)")
      }
    }
  }

  @Test func `an absent objective or one without gradient is left out`() {
    let solver = MinNormSolver()
    #expect(solver.weights(gram: [[4, 0], [0, 0]], losses: [1, 1], present: [true, true]) == [1, 0])
    #expect(solver.weights(gram: [[0, 0], [0, 3]], losses: [1, 1], present: [true, true]) == [0, 1])
    #expect(solver.weights(gram: [[4, 1], [1, 2]], losses: [1, 1], present: [true, false]) == [1, 0])
    #expect(solver.weights(gram: [[0, 0], [0, 0]], losses: [1, 1], present: [true, true]) == [0, 0])
  }

  @Test func `a number that is not finite is refused`() {
    #expect(MinNormSolver().weights(gram: [[.nan, 0], [0, 1]], losses: [1, 1], present: [true, true]) == nil)
    #expect(MinNormSolver().weights(gram: [[1, 0], [0, 1]], losses: [.infinity, 1], present: [true, true]) == nil)
  }

  @Test func `α does not change when both gradients grow by one factor`() {
    let solver = MinNormSolver()
    let small = solver.weights(gram: [[2, 0.5], [0.5, 3]], losses: [1, 1], present: [true, true])
    let large = solver.weights(gram: [[2e6, 0.5e6], [0.5e6, 3e6]], losses: [1, 1], present: [true, true])
    #expect(abs((small?[0] ?? 0) - (large?[0] ?? 1)) < 1e-12)
  }

  @Test(arguments: 3...6)
  func `the combination of several gradients is no longer than any of them`(count: Int) {
    var stream = RandomStream(seed: 1, purpose: .test, item: count)
    let gradients = (0..<count).map { _ in (0..<5).map { _ in stream.normal() } }
    let gram = gradients.map { row in gradients.map { zip(row, $0).reduce(0) { $0 + $1.0 * $1.1 } } }
    let weights = MinNormSolver(maximumIterations: 20_000).weights(
      gram: gram, losses: Array(repeating: 1, count: count), present: Array(repeating: true, count: count))
    let alpha = weights ?? []
    let inner = gram.map { row in zip(row, alpha).reduce(0) { $0 + $1.0 * $1.1 } }
    let squared = zip(inner, alpha).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(alpha.reduce(0, +) - 1) < 1e-9)
    for index in 0..<count {
      #expect(squared <= gram[index][index])
      #expect(inner[index] >= squared - 1e-3)
    }
  }
}
