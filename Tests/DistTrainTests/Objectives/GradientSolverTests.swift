import DistTrain
import Foundation
import TestTools
import Testing

/// The solvers beside min-norm: their directions against those that NumPy and SciPy find from the vectors themselves.
@Suite struct GradientSolverTests {
  struct Record: Decodable {
    struct Radius: Decodable {
      let radius: Double
      let direction: [Double]
    }
    struct Floor: Decodable {
      let floor: Double
      let direction: [Double]
    }
    struct Case: Decodable {
      let name: String
      let gradients: [[Double]]
      let surgery: [Double]
      let nash: [Double]
      let conflictAverse: [Radius]
      let floored: [Floor]
    }
    let cases: [Case]
  }

  private let cases: [Record.Case]

  init() throws {
    cases = try Golden.record("combinations", as: Record.self).cases
    #expect(cases.count > 5)
  }

  @Test func `directions of gradient surgery are the golden ones`() throws {
    for one in cases { try expect(GradientSurgery(), one, one.surgery, within: 1e-12) }
  }

  @Test func `directions of the bargain are the golden ones`() throws {
    for one in cases { try expect(NashBargainingSolver(), one, one.nash, within: 1e-7) }
  }

  @Test func `conflict-averse directions are the golden ones for each radius`() throws {
    for one in cases {
      for golden in one.conflictAverse {
        try expect(ConflictAverseSolver(radius: golden.radius), one, golden.direction, within: 1e-5)
      }
    }
  }

  @Test func `shortest combinations with a least weight are the golden ones`() throws {
    for one in cases {
      for golden in one.floored {
        try expect(MinNormSolver(floor: golden.floor, maximumIterations: 20_000), one, golden.direction, within: 1e-3)
      }
    }
  }

  /// Compares a solver's direction with a golden one, relative to the longest gradient.
  private func expect(_ solver: any GradientSolver, _ one: Record.Case, _ golden: [Double], within bound: Double) throws
  {
    let count = one.gradients.count
    let weights = try #require(
      solver.weights(
        gram: Self.gram(one.gradients), losses: Array(repeating: 1, count: count),
        present: Array(repeating: true, count: count)))
    let direction = Self.direction(one.gradients, weights)
    let longest = one.gradients.map { Self.length($0) }.max() ?? 0
    #expect(Self.length(zip(direction, golden).map { $0 - $1 }) <= bound * longest, "\(one.name)")
  }

  private static func gram(_ gradients: [[Double]]) -> [[Double]] {
    gradients.map { row in gradients.map { dot(row, $0) } }
  }

  private static func dot(_ one: [Double], _ other: [Double]) -> Double {
    zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func length(_ vector: [Double]) -> Double { dot(vector, vector).squareRoot() }

  private static func direction(_ gradients: [[Double]], _ weights: [Double]) -> [Double] {
    gradients[0].indices.map { place in zip(gradients, weights).reduce(0) { $0 + $1.0[place] * $1.1 } }
  }

  private func weigh(_ solver: any GradientSolver, _ gradients: [[Double]]) -> [Double]? {
    solver.weights(gram: Self.gram(gradients), losses: [1, 2], present: [true, true])
  }

  @Test func `gradients without conflict are summed by surgery`() {
    #expect(weigh(GradientSurgery(), [[1, 0], [0.5, 2]]) == [1, 1])
    #expect(weigh(GradientSurgery(), [[1, 0], [0, 2]]) == [1, 1])
  }

  @Test func `a radius of 0 is the mean, and no radius leads out of the ball`() throws {
    let gradients = [[3.0, 1], [-1, 0.5]]
    #expect(weigh(ConflictAverseSolver(radius: 0), gradients) == [0.5, 0.5])
    let mean = Self.direction(gradients, [0.5, 0.5])
    for radius in [0.1, 0.4, 0.8] {
      let weights = try #require(weigh(ConflictAverseSolver(radius: radius), gradients))
      let direction = Self.direction(gradients, weights).map { $0 * (1 + radius * radius) }
      let way = Self.length(zip(direction, mean).map { $0 - $1 })
      #expect(abs(way - radius * Self.length(mean)) < 1e-9)
    }
  }

  @Test func `a bargain undoes the gradients' scales, and serves both alike`() throws {
    let gradients = [[2.0, 1], [-0.5, 3]]
    let scaled = [gradients[0].map { 100 * $0 }, gradients[1]]
    let direction = Self.direction(gradients, try #require(weigh(NashBargainingSolver(), gradients)))
    let other = Self.direction(scaled, try #require(weigh(NashBargainingSolver(), scaled)))
    #expect(Self.length(zip(direction, other).map { $0 - $1 }) < 1e-12)
    let gains = gradients.map { Self.dot($0, direction) / Self.length($0) }
    #expect(abs(gains[0] - gains[1]) < 1e-12)
  }

  @Test func `opposite gradients have finite weights by every rule`() throws {
    let opposite = [[1.0, 2], [-1, -2]]
    let solvers: [any GradientSolver] = [
      GradientSurgery(), ConflictAverseSolver(), NashBargainingSolver(), MinNormSolver(floor: 0.2),
    ]
    for solver in solvers {
      let weights = try #require(weigh(solver, opposite))
      #expect(weights.allSatisfy { $0.isFinite && $0 >= 0 }, "\(solver)")
    }
    #expect(weigh(GradientSurgery(), opposite) == [2, 2])
  }

  @Test func `by every rule an objective alone keeps its direction`() throws {
    let solvers: [any GradientSolver] = [
      GradientSurgery(), ConflictAverseSolver(), NashBargainingSolver(), MinNormSolver(floor: 0.2),
    ]
    for solver in solvers {
      let weights = try #require(solver.weights(gram: [[4, 1], [1, 2]], losses: [1, 1], present: [true, false]))
      #expect(weights[0] > 0 && weights[1] == 0, "\(solver)")
      #expect(solver.weights(gram: [[.nan, 1], [1, 2]], losses: [1, 1], present: [true, true]) == nil)
    }
    #expect(
      MinNormSolver(floor: 0.2).weights(gram: [[4, 1], [1, 2]], losses: [1, 1], present: [true, false]) == [1, 0])
  }

  @Test func `a floor holds where the shortest gradient alone would be taken`() {
    #expect(weigh(MinNormSolver(floor: 0.25), [[10, 0], [1, 0.01]]) == [0.25, 0.75])
    #expect(weigh(MinNormSolver(floor: 0.5), [[10, 0], [1, 0.01]]) == [0.5, 0.5])
    let inside = weigh(MinNormSolver(), [[1, 0], [0, 2]])?[0] ?? .nan
    #expect(abs((weigh(MinNormSolver(floor: 0.1), [[1, 0], [0, 2]])?[0] ?? 0) - inside) < 1e-12)
  }
}
