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
        "the covariance within speakers is singular: give more utterances of each speaker, or fewer dimensions (--lda)")
    }
    // With W = L·Lᵀ, L⁻¹·B·L⁻ᵀ is B where W is I.
    let projected = factor.solved(factor.solved(between).transposed)
    let symmetric = 0.5 * (projected + projected.transposed)
    let eigenvalues = try SymmetricEigenvalues(of: symmetric)
    // V·L⁻¹ = (L⁻ᵀ·Vᵀ)ᵀ needs L⁻¹ alone, which is what it makes of I.
    let unit = DoubleMatrix.diagonal([Double](repeating: 1, count: within.rows))
    transform = eigenvalues.vectors * factor.solved(unit)
    ratios = eigenvalues.values.map { max($0, 0) }
  }
}
