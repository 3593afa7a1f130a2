import Foundation

/// Probabilistic linear discriminant analysis as the two-covariance model: an embedding is x = y + e, where a speaker's
/// y is Gaussian about a mean with one covariance, and an utterance's e about 0 with another (Ioffe, "Probabilistic
/// linear discriminant analysis", 2006; Kenny, "Bayesian speaker verification with heavy-tailed priors", 2010; Brümmer
/// and de Villiers, "The speaker partitioning problem", 2010).
///
/// A transform makes the covariance within speakers the unit matrix, and that between them diagonal.
package struct PLDA: Sendable {
  /// The mean of the embeddings.
  package let mean: [Double]
  /// A matrix of dimensions × dimensions.
  package let transform: DoubleMatrix
  /// The variances between speakers along the transformed axes, descending, at least 0.
  package let between: [Double]

  var dimensions: Int { mean.count }

  /// The vectors, centred, along the axes of the transform.
  /// - Parameter vectors: vectors × dimensions.
  func projected(_ vectors: DoubleMatrix) -> DoubleMatrix {
    let centred = DoubleMatrix.assembled(rows: vectors.rows, columns: dimensions) { range in
      range.flatMap { row in mean.indices.map { vectors[row, $0] - mean[$0] } }
    }
    return centred * transform.transposed
  }

  /// The factors of enrolments and of tests, vectors × (2·dimensions + 1), whose inner product is the log-likelihood
  /// ratio of the hypotheses that one speaker or two made them (Ioffe, between equations 4 and 5).
  ///
  /// Given n enrolled utterances of mean u, a test t is Gaussian with the mean m = nψ/(nψ + 1)·u and the variance
  /// v = 1 + ψ/(nψ + 1); of another speaker, it is so with the mean 0 and the variance 1 + ψ. The ratio's logarithm
  /// has terms in t, in t² and without it.
  /// - Parameters:
  ///   - means: the mean of each enrolment's vectors, enrolments × dimensions.
  ///   - counts: the number of its utterances.
  func enrolmentFactors(_ means: DoubleMatrix, counts: [Int]) -> Matrix {
    let projected = projected(means)
    let factors = DoubleMatrix.assembled(rows: means.rows, columns: 2 * dimensions + 1) { range in
      range.flatMap { row in enrolmentFactor(projected, row, count: Double(counts[row])) }
    }
    return factors.single
  }

  private func enrolmentFactor(_ projected: DoubleMatrix, _ row: Int, count: Double) -> [Double] {
    var linear: [Double] = []
    var square: [Double] = []
    var constant = 0.0
    for (axis, between) in between.enumerated() {
      let share = count * between / (count * between + 1)
      let variance = 1 + between / (count * between + 1)
      let mean = share * projected[row, axis]
      linear.append(mean / variance)
      square.append(-0.5 * (1 / variance - 1 / (1 + between)))
      constant -= 0.5 * (mean * mean / variance + log(variance / (1 + between)))
    }
    return linear + square + [constant]
  }

  /// The factors of tests, as those of enrolments.
  func testFactors(_ vectors: DoubleMatrix) -> Matrix {
    let projected = projected(vectors)
    let factors = DoubleMatrix.assembled(rows: vectors.rows, columns: 2 * dimensions + 1) { range in
      range.flatMap { row -> [Double] in
        let axes = between.indices.map { projected[row, $0] }
        return axes + axes.map { $0 * $0 } + [1]
      }
    }
    return factors.single
  }
}
