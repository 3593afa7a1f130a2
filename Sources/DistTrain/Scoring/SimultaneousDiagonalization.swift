/// The axes along which two covariances are diagonal at once: T·W·Tᵀ = I and T·B·Tᵀ = diag(ratios). They are the
/// directions of linear discriminant analysis (Fukunaga, Introduction to Statistical Pattern Recognition, chapter 2).
package struct SimultaneousDiagonalization: Sendable {
  /// T, whose rows are the directions in the descending order of their ratios.
  package let transform: DoubleMatrix
  /// The ratio of the covariance between speakers to that within them along each direction, at least 0.
  package let ratios: [Double]

  /// Diagonalises the covariance within speakers and that between them.
  /// - Throws: `Failure(.badData)` where the first is singular.
  package init(within: DoubleMatrix, between: DoubleMatrix) throws {
    guard let factor = CholeskyFactor(within) else {
      throw Failure(
        .badData,
        "the covariance within speakers is singular: give more utterances of each speaker, or fewer dimensions by --lda"
      )
    }
    // With W = L·Lᵀ, L⁻¹·B·L⁻ᵀ is B where W is I.
    let projected = factor.solved(factor.solved(between).transposed)
    let symmetric = 0.5 * (projected + projected.transposed)
    let eigenvalues = try SymmetricEigenvalues(of: symmetric)
    // V·L⁻¹ = (L⁻ᵀ·Vᵀ)ᵀ needs L⁻¹ alone, which is what it makes of I.
    let unit = DoubleMatrix.diagonal([Double](repeating: 1, count: within.rows))
    self.init(eigenvalues, of: factor.solved(unit))
  }

  /// The axes of the covariance between speakers in those in which the one within them is I.
  private init(_ between: SymmetricEigenvalues, of whitening: DoubleMatrix) {
    transform = between.vectors * whitening
    ratios = between.values.map { max($0, 0) }
  }

  /// The share of the largest eigenvalue of a covariance below which others are rounding of single precision.
  private static let leastShare = 1e-10

  /// Diagonalises them among the directions in which utterances of one speaker differ, of which there may be fewer than
  /// dimensions: embeddings of a wide last layer span few of them, and few utterances do. Where the covariance within
  /// speakers is regular, these are all directions.
  /// - Throws: `Failure(.badData)` where utterances of one speaker never differ.
  package init(inSpanOf within: DoubleMatrix, between: DoubleMatrix) throws {
    guard CholeskyFactor(within) == nil else {
      try self.init(within: within, between: between)
      return
    }
    let spread = try SymmetricEigenvalues(of: within)
    let kept = spread.values.count { $0 > Self.leastShare * max(spread.values[0], .leastNormalMagnitude) }
    guard kept > 0 else {
      throw Failure(
        .badData, "the utterances of each speaker have equal embeddings, or a single one: give more of each speaker")
    }
    let scales = spread.values.prefix(kept).map { 1 / $0.squareRoot() }
    let whitening = spread.vectors.first(kept).scaled(rows: scales)
    let projected = whitening * between * whitening.transposed
    self.init(try SymmetricEigenvalues(of: 0.5 * (projected + projected.transposed)), of: whitening)
  }
}
