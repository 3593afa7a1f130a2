import DistTrain
import Foundation
import TestTools
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
    let more: [Case]
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

  @Test func `two gradients' combination is no longer than either and does not work against them`() {
    var stream = RandomStream(seed: 3, purpose: .test)
    for _ in 0..<200 {
      let gradients = (0..<2).map { _ in
        let length = pow(10, stream.uniform(-2, 2))
        return (0..<3).map { _ in length * stream.normal() }
      }
      let gram = Self.gram(gradients)
      let alpha = MinNormSolver().weights(gram: gram, losses: [1, 1], present: [true, true]) ?? []
      let (squared, inner) = Self.combination(gram, alpha)
      #expect(abs(alpha.reduce(0, +) - 1) < 1e-12 && alpha.allSatisfy { (0...1).contains($0) })
      for index in 0..<2 {
        #expect(squared <= gram[index][index] * (1 + 1e-12))
        #expect(inner[index] >= squared - 1e-9 * gram[index][index])
      }
    }
  }

  @Test func `equal gradients, a multiple and opposite ones have their corner or their zero`() {
    func weights(_ gradients: [[Double]]) -> [Double]? {
      MinNormSolver().weights(gram: Self.gram(gradients), losses: [1, 1], present: [true, true])
    }
    #expect(weights([[1, 2], [1, 2]]) == [1, 0])
    #expect(weights([[3, 6], [1, 2]]) == [0, 1])
    #expect(weights([[1, 2], [3, 6]]) == [1, 0])
    #expect(weights([[1, 2], [-1, -2]]) == [0.5, 0.5])
    #expect(weights([[1, 0], [-3, 0]]) == [0.75, 0.25])
  }

  @Test func `more than two objectives' combination equals the golden one`() throws {
    let record = try Golden.record("solver", as: Record.self)
    #expect(record.more.count > 3)
    for one in record.more {
      let count = one.gradients.count
      let solver = MinNormSolver(maximumIterations: 100_000)
      let alpha = try #require(
        solver.weights(
          gram: Self.gram(one.gradients), losses: Array(repeating: 1, count: count),
          present: Array(repeating: true, count: count)))
      let (squared, _) = Self.combination(Self.gram(one.gradients), alpha)
      let longest = one.gram.indices.map { one.gram[$0][$0] }.max() ?? 0
      #expect(abs(squared - one.squaredNorm) < 1e-4 * longest, "\(one.name ?? "")")
    }
  }

  /// Frank–Wolfe's distance from the minimum falls with the number of steps: the bounds are measured.
  @Test(arguments: 3...8, [4, 16])
  func `several gradients' combination is as short as a search over the whole simplex finds`(
    count: Int, dimensions: Int
  ) throws {
    var stream = RandomStream(seed: 1, purpose: .test, item: count, occurrence: dimensions)
    for _ in 0..<10 {
      let shared = (0..<dimensions).map { _ in stream.normal() }
      let gradients = (0..<count).map { _ in shared.map { $0 + stream.normal() } }
      let gram = Self.gram(gradients)
      let longest = gram.indices.map { gram[$0][$0] }.max() ?? 0
      let shortest = Self.shortest(gram)
      for (iterations, bound) in [(250, 1e-2), (100_000, 1e-4)] {
        let alpha = try #require(
          MinNormSolver(maximumIterations: iterations).weights(
            gram: gram, losses: Array(repeating: 1, count: count), present: Array(repeating: true, count: count)))
        #expect(abs(alpha.reduce(0, +) - 1) < 1e-9 && alpha.allSatisfy { $0 >= 0 })
        let (squared, inner) = Self.combination(gram, alpha)
        #expect(squared >= shortest - 1e-9 * longest)
        #expect(squared - shortest < bound * longest)
        for index in gram.indices {
          #expect(squared <= gram[index][index])
          #expect(inner[index] >= squared - 5 * bound * longest)
        }
      }
    }
  }

  private static func gram(_ gradients: [[Double]]) -> [[Double]] {
    gradients.map { row in gradients.map { zip(row, $0).reduce(0) { $0 + $1.0 * $1.1 } } }
  }

  /// ‖d‖² and every d·g_k.
  private static func combination(_ gram: [[Double]], _ alpha: [Double]) -> (squared: Double, inner: [Double]) {
    let inner = gram.map { row in zip(row, alpha).reduce(0) { $0 + $1.0 * $1.1 } }
    return (zip(inner, alpha).reduce(0) { $0 + $1.0 * $1.1 }, inner)
  }

  /// The least ‖d‖² over all faces of the simplex: on each, where d·g_k is the same for all its corners.
  private static func shortest(_ gram: [[Double]]) -> Double {
    var best = Double.infinity
    for subset in 1..<(1 << gram.count) {
      let face = gram.indices.filter { subset >> $0 & 1 == 1 }
      // G β = 1 makes every d·g_k equal; β / Σβ are the weights.
      guard let solution = solve(face.map { row in face.map { gram[row][$0] } }) else { continue }
      let sum = solution.reduce(0, +)
      guard sum > 0, solution.allSatisfy({ $0 >= 0 }) else { continue }
      best = min(best, 1 / sum)
    }
    return best
  }

  /// x of G x = 1 by elimination with pivots; nil where G is singular.
  private static func solve(_ matrix: [[Double]]) -> [Double]? {
    var rows = matrix.map { $0 + [1] }
    for column in rows.indices {
      guard let pivot = (column..<rows.count).max(by: { abs(rows[$0][column]) < abs(rows[$1][column]) }),
        abs(rows[pivot][column]) > 1e-9
      else { return nil }
      rows.swapAt(column, pivot)
      for row in rows.indices where row != column {
        let factor = rows[row][column] / rows[column][column]
        for place in column...rows.count { rows[row][place] -= factor * rows[column][place] }
      }
    }
    return rows.indices.map { rows[$0][rows.count] / rows[$0][$0] }
  }
}
