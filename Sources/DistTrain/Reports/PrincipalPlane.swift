/// The plane in which points of many dimensions vary most: their first two principal components, by subspace iteration
/// with Rayleigh and Ritz's values (Golub and Van Loan, Matrix Computations, section 8.2).
///
/// It begins with the points that are farthest apart and takes the same steps always, so that the result depends on the
/// points alone. Components have the sign that makes their element of largest magnitude positive.
package struct PrincipalPlane: Sendable {
  /// The places of the points in the plane, less their mean.
  package let places: [(x: Double, y: Double)]
  /// The shares of the points' variance along the two axes, of 1.
  package let shares: (x: Double, y: Double)

  /// The dimensions of the subspace, of which two are kept: the others let these come out faster.
  private static let width = 8
  private static let turns = 40

  /// - Parameter points: points of as many dimensions each.
  /// - Returns: nil where the points do not differ, are fewer than three, or are not finite.
  package init?(_ points: [[Double]]) {
    guard points.count >= 3 else { return nil }
    let centred = Self.centred(points)
    let whole = centred.reduce(0) { $0 + Self.dot($1, $1) }
    var base = Self.farthest(centred)
    guard whole.isFinite, !base.isEmpty else { return nil }
    for _ in 0..<Self.turns { base = Self.orthonormal(base.map { Self.spread($0, centred) }) }
    // The covariance within the subspace, whose eigenvectors are the components' coordinates in it.
    let projected = centred.map { point in base.map { Self.dot(point, $0) } }
    let covariance = base.indices.flatMap { row in
      base.indices.map { column in projected.reduce(0) { $0 + $1[row] * $1[column] } }
    }
    guard
      let parts = try? SymmetricEigenvalues(
        of: DoubleMatrix(rows: base.count, columns: base.count, covariance))
    else { return nil }
    let axes = (0..<min(2, base.count)).map { axis in
      Self.signed(
        (0..<centred[0].count).map { dimension in
          base.indices.reduce(0) { $0 + parts.vectors[axis, $1] * base[$1][dimension] }
        })
    }
    places = centred.map { point in (Self.dot(point, axes[0]), axes.count > 1 ? Self.dot(point, axes[1]) : 0) }
    shares = (parts.values[0] / whole, axes.count > 1 ? max(parts.values[1], 0) / whole : 0)
  }

  private static func centred(_ points: [[Double]]) -> [[Double]] {
    let mean = points[0].indices.map { dimension in
      points.reduce(0) { $0 + $1[dimension] } / Double(points.count)
    }
    return points.map { point in zip(point, mean).map { $0 - $1 } }
  }

  /// The directions of points, each the longest of what the earlier ones leave of the points; none where all are zero.
  private static func farthest(_ points: [[Double]]) -> [[Double]] {
    var (rest, base): ([[Double]], [[Double]]) = (points, [])
    let least = 1e-20 * (points.map { dot($0, $0) }.max() ?? 0)
    while base.count < width {
      let lengths = rest.map { dot($0, $0) }
      guard let longest = lengths.indices.max(by: { lengths[$0] < lengths[$1] }), lengths[longest] > least else {
        break
      }
      let unit = rest[longest].map { $0 / lengths[longest].squareRoot() }
      base.append(unit)
      rest = rest.map { without(unit, $0) }
    }
    return base
  }

  /// The product of the points' covariance, times their number, and a vector.
  private static func spread(_ vector: [Double], _ points: [[Double]]) -> [Double] {
    var result = [Double](repeating: 0, count: vector.count)
    for point in points {
      let along = dot(point, vector)
      for dimension in result.indices { result[dimension] += along * point[dimension] }
    }
    return result
  }

  /// Orthonormal vectors that span what the given ones do, by Gram and Schmidt; those that earlier ones span are left
  /// out.
  private static func orthonormal(_ vectors: [[Double]]) -> [[Double]] {
    var base: [[Double]] = []
    for vector in vectors {
      let before = dot(vector, vector)
      var rest = vector
      // Once more removes what rounding leaves.
      for _ in 0..<2 { for unit in base { rest = without(unit, rest) } }
      let left = dot(rest, rest)
      if left > 1e-24 * before, left > 0 { base.append(rest.map { $0 / left.squareRoot() }) }
    }
    return base
  }

  /// A vector less its part along another one of length 1.
  private static func without(_ unit: [Double], _ vector: [Double]) -> [Double] {
    let along = dot(unit, vector)
    return zip(vector, unit).map { $0 - along * $1 }
  }

  private static func dot(_ first: [Double], _ second: [Double]) -> Double {
    var sum = 0.0
    for dimension in first.indices { sum += first[dimension] * second[dimension] }
    return sum
  }

  private static func signed(_ vector: [Double]) -> [Double] {
    let largest = vector.max { abs($0) < abs($1) } ?? 0
    return largest < 0 ? vector.map { -$0 } : vector
  }
}
