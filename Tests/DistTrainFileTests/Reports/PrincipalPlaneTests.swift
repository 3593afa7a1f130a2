import DistTrain
import Testing

@Suite struct PrincipalPlaneTests {
  @Test func `a cloud of rank two has its own coordinates, and its shares of the variance`() throws {
    // Along (3, 0, 4)/5 with the mean square 5, along (0, 1, 0) with 1.
    var grid: [(along: Double, across: Double)] = []
    for along in [-3.0, -1, 1, 3] { grid += [(along, -1), (along, 1)] }
    let points: [[Double]] = grid.map { place in [0.6 * place.along + 7, place.across - 2, 0.8 * place.along, 5] }
    let plane = try #require(PrincipalPlane(points))
    for (place, wanted) in zip(plane.places, grid) {
      #expect(abs(place.x - wanted.along) < 1e-12 && abs(place.y - wanted.across) < 1e-12)
    }
    #expect(abs(plane.shares.x - 5 / 6) < 1e-12 && abs(plane.shares.y - 1 / 6) < 1e-12)
  }

  @Test func `points on a line have one axis, and points that make no plane none`() throws {
    let line = try #require(PrincipalPlane([[0, 0], [-1, -1], [-3, -3]]))
    #expect(abs(line.shares.x - 1) < 1e-12 && line.shares.y == 0)
    #expect(line.places.allSatisfy { $0.y == 0 } && line.places[0].x > line.places[1].x)
    #expect(PrincipalPlane([[1, 2], [1, 2], [1, 2]]) == nil)
    #expect(PrincipalPlane([[1, 2], [3, 4]]) == nil)
    #expect(PrincipalPlane([[1, 2], [3, .nan], [5, 7]]) == nil)
  }

  @Test func `a cloud of many dimensions has the eigenvalues of its covariance`() throws {
    var stream = RandomStream(seed: 3, purpose: .test)
    let (count, dimensions) = (60, 20)
    var points: [[Double]] = []
    for _ in 0..<count {
      var point: [Double] = []
      for dimension in 0..<dimensions { point.append(stream.normal() / (1 + 0.3 * Double(dimension))) }
      points.append(point)
    }
    var covariance = [Double](repeating: 0, count: dimensions * dimensions)
    let mean: [Double] = (0..<dimensions).map { dimension in
      points.reduce(0.0) { sum, point in sum + point[dimension] } / Double(count)
    }
    for point in points {
      for row in 0..<dimensions {
        for column in 0..<dimensions {
          covariance[row * dimensions + column] += (point[row] - mean[row]) * (point[column] - mean[column])
        }
      }
    }
    let exact = try SymmetricEigenvalues(of: DoubleMatrix(rows: dimensions, columns: dimensions, covariance))
    let whole: Double = exact.values.reduce(0, +)
    let plane = try #require(PrincipalPlane(points))
    #expect(abs(plane.shares.x - exact.values[0] / whole) < 1e-6)
    #expect(abs(plane.shares.y - exact.values[1] / whole) < 1e-6)
    let squares = plane.places.reduce(0.0) { sum, place in sum + place.x * place.x }
    #expect(abs(squares - exact.values[0]) < 1e-5 * exact.values[0])
  }
}
