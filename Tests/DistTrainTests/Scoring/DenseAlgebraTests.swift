import DistTrain
import Testing

/// Factors of matrices, by the algebra that defines them.
@Suite struct DenseAlgebraTests {
  private func random(_ rows: Int, _ columns: Int, item: Int = 1) -> DoubleMatrix {
    var stream = RandomStream(seed: 11, purpose: .test, item: item)
    return DoubleMatrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in stream.normal() })
  }

  /// A symmetric matrix; a positive definite one where `degrees` are at least its size.
  private func covariance(_ size: Int, degrees: Int, item: Int = 1) -> DoubleMatrix {
    let factor = random(degrees, size, item: item)
    return factor.transposed * factor
  }

  private func unit(_ size: Int) -> DoubleMatrix { .diagonal([Double](repeating: 1, count: size)) }

  private func distance(_ a: DoubleMatrix, _ b: DoubleMatrix) -> Double {
    zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
  }

  @Test func `a product has the sums of its terms, and a transpose its elements turned`() {
    let (a, b) = (random(37, 5), random(5, 19, item: 2))
    let product = a * b
    for (row, column) in [(0, 0), (15, 3), (16, 18), (36, 18)] {
      let expected = (0..<5).reduce(0.0) { $0 + a[row, $1] * b[$1, column] }
      #expect(abs(product[row, column] - expected) < 1e-14)
    }
    #expect(distance(product.transposed, b.transposed * a.transposed) < 1e-14)
  }

  @Test(arguments: [1, 2, 3, 17, 96, 512])
  func `a symmetric matrix is what its eigenvalues and orthonormal eigenvectors make`(size: Int) throws {
    let square = random(size, size)
    let matrix = DoubleMatrix(
      rows: size, columns: size, zip(square.values, square.transposed.values).map { $0 + $1 })
    let found = try SymmetricEigenvalues(of: matrix)
    #expect(zip(found.values, found.values.dropFirst()).allSatisfy { $0 >= $1 })
    let made = found.vectors.transposed * DoubleMatrix.diagonal(found.values) * found.vectors
    let length = found.values.map { abs($0) }.max() ?? 1
    #expect(distance(made, matrix) < 1e-13 * Double(size) * length)
    #expect(distance(found.vectors * found.vectors.transposed, unit(size)) < 1e-13 * Double(size))
    for row in 0..<size {
      let largest = (0..<size).map { found.vectors[row, $0] }.max { abs($0) < abs($1) }
      #expect(largest ?? 0 > 0)
    }
  }

  @Test func `equal, zero and negative eigenvalues are found`() throws {
    let turned = try SymmetricEigenvalues(of: DoubleMatrix(rows: 2, columns: 2, [0, 2, 2, 3]))
    #expect(zip(turned.values, [4, -1]).allSatisfy { abs($0 - $1) < 1e-14 })
    #expect(abs(turned.vectors[0, 1] / turned.vectors[0, 0] - 2) < 1e-14 && turned.vectors[0, 1] > 0)
    #expect(try SymmetricEigenvalues(of: unit(5)).values == [1, 1, 1, 1, 1])
    let thin = try SymmetricEigenvalues(of: covariance(9, degrees: 2)).values
    #expect(thin[1] > 0.1 && thin[2...].allSatisfy { abs($0) < 1e-13 * thin[0] })
    #expect(throws: Failure.self) { try SymmetricEigenvalues(of: DoubleMatrix(rows: 1, columns: 1, [.nan])) }
  }

  @Test(arguments: [1, 4, 33, 150]) func `a Cholesky factor makes its matrix the unit matrix, and solves`(size: Int)
    throws
  {
    let matrix = covariance(size, degrees: 2 * size)
    let factor = try #require(CholeskyFactor(matrix))
    #expect(distance(factor.solved(factor.solved(matrix).transposed), unit(size)) < 1e-10)
    let right = random(size, 1, item: 3)
    let solution = DoubleMatrix(rows: size, columns: 1, factor.solution(right.values))
    #expect(distance(matrix * solution, right) < 1e-9)
  }

  @Test func `a matrix that is not positive definite has no Cholesky factor`() {
    #expect(CholeskyFactor(covariance(8, degrees: 7)) == nil)
    #expect(CholeskyFactor(DoubleMatrix.diagonal([1, -1])) == nil)
    #expect(CholeskyFactor(DoubleMatrix.diagonal([1, .nan])) == nil)
  }

  @Test func `two covariances are diagonal along common axes`() throws {
    let (within, between) = (covariance(40, degrees: 90), covariance(40, degrees: 12, item: 2))
    let axes = try SimultaneousDiagonalization(within: within, between: between)
    let turned = axes.transform.transposed
    #expect(distance(axes.transform * within * turned, unit(40)) < 1e-11)
    #expect(distance(axes.transform * between * turned, DoubleMatrix.diagonal(axes.ratios)) < 1e-11)
    #expect(axes.ratios[11] > 1e-3 && axes.ratios[12] < 1e-12 && axes.ratios.allSatisfy { $0 >= 0 })
    #expect(throws: Failure.self) { try SimultaneousDiagonalization(within: between, between: within) }
  }

  @Test func `directions in which utterances of a speaker never differ are left out`() throws {
    let within = DoubleMatrix.diagonal([1, 2, 0, 0])
    let between = DoubleMatrix.diagonal([4, 2, 9, 0])
    let axes = try SimultaneousDiagonalization(inSpanOf: within, between: between)
    #expect(axes.transform.rows == 2 && axes.ratios.count == 2)
    #expect(abs(axes.ratios[0] - 4) < 1e-12 && abs(axes.ratios[1] - 1) < 1e-12)
    let spread = axes.transform * within * axes.transform.transposed
    for row in 0..<2 {
      for column in 0..<2 { #expect(abs(spread[row, column] - (row == column ? 1 : 0)) < 1e-12) }
    }
    let regular = DoubleMatrix.diagonal([1, 2, 3, 4])
    let all = try SimultaneousDiagonalization(inSpanOf: regular, between: between)
    #expect(
      all.transform.values == (try SimultaneousDiagonalization(within: regular, between: between)).transform.values)
    #expect(throws: Failure.self) {
      try SimultaneousDiagonalization(inSpanOf: DoubleMatrix.diagonal([0, 0, 0, 0]), between: between)
    }
  }
}
