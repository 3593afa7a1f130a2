extension PLDA {
  /// The share of a target set's excess variance that is given to the covariance within speakers, and to that between
  /// them, as Kaldi's `ivector-adapt-plda` divides it unless told otherwise.
  static let (withinShare, betweenShare) = (0.3, 0.7)

  /// The model for a set of utterances of another kind, whose speakers are not known: its mean is that of the set, and
  /// where the set's total covariance is more than the model's, the excess is divided between both covariances (Kaldi's
  /// `ivector-adapt-plda`).
  ///
  /// In the axes in which the model's total covariance is the unit matrix, the set's covariance, with the square of the
  /// distance of the means, is P·diag(s)·Pᵀ; the excess is P·diag(max(s − 1, 0))·Pᵀ.
  /// - Parameter vectors: the set's vectors, vectors × dimensions, transformed like those that the model was estimated
  ///   of.
  /// - Throws: `Failure(.badData)` where the set has a single vector.
  func adapted(to vectors: Matrix) throws -> PLDA {
    guard vectors.rows > 1 else {
      throw Failure(.badData, "the set to adapt to has a single embedding, which has no covariance: give more")
    }
    let own = DoubleMatrix(vectors)
    let ones = [Double](repeating: 1 / Double(own.rows), count: own.rows)
    let target = (0..<dimensions).map { column in (0..<own.rows).reduce(0) { $0 + own[$1, column] } / Double(own.rows) }
    // About the model's mean the covariance has the square of the distance of the means in it.
    let projected = projected(own)
    let scale = between.map { 1 / (1 + $0).squareRoot() }
    let total = (projected * DoubleMatrix.diagonal(scale)).gram(weights: ones)
    let eigenvalues = try SymmetricEigenvalues(of: total)
    let excess = eigenvalues.vectors.gram(weights: eigenvalues.values.map { max($0 - 1, 0) })
    // From the axes of the total covariance back to those in which the covariance within speakers is the unit matrix.
    let back = DoubleMatrix.diagonal(between.map { (1 + $0).squareRoot() })
    let spread = back * excess * back
    let unit = DoubleMatrix.diagonal([Double](repeating: 1, count: dimensions))
    let axes = try SimultaneousDiagonalization(
      within: unit + Self.withinShare * spread, between: DoubleMatrix.diagonal(between) + Self.betweenShare * spread)
    return PLDA(mean: target, transform: axes.transform * transform, between: axes.ratios)
  }
}
