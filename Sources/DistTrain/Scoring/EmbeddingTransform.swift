/// What is done to embeddings before they are scored: a mean is subtracted, they are projected where there is a
/// projection, and scaled to length 1 (Garcia-Romero and Espy-Wilson, "Analysis of i-vector length normalization in
/// speaker recognition systems", 2011).
struct EmbeddingTransform: Sendable {
  /// The vector that is subtracted.
  var mean: [Float]
  /// A matrix of new dimensions × dimensions; nil where embeddings stay as they are.
  let projection: Matrix?

  /// The number of dimensions that it makes.
  var dimensions: Int { projection?.rows ?? mean.count }

  /// The vectors with the mean subtracted.
  func centred(_ vectors: Matrix) -> Matrix {
    let centred = Matrix(rows: vectors.rows, columns: vectors.columns)
    inParallel(vectors.rows) { row in
      for column in mean.indices { centred[row, column] = vectors[row, column] - mean[column] }
    }
    return centred
  }

  /// The transformed vectors, of length 1, or of zeros where nothing is left of a vector.
  /// - Parameter names: the name of each vector.
  /// - Throws: `Failure(.badData)` that names a vector which is not finite.
  func applied(to vectors: Matrix, names: [String]) throws -> Matrix {
    let centred = centred(vectors)
    guard let projection else { return try Self.normalized(centred, names) }
    let projected = Matrix(rows: vectors.rows, columns: projection.rows)
    multiply(centred.view, transposed: projection.view, into: projected.view)
    return try Self.normalized(projected, names)
  }

  /// The length of each vector once the mean is subtracted.
  func magnitudes(_ vectors: Matrix) -> [Double] {
    let centred = centred(vectors)
    return (0..<centred.rows).map { Self.length(of: $0, centred) }
  }

  private static func length(of row: Int, _ vectors: Matrix) -> Double {
    (0..<vectors.columns).reduce(0) { $0 + Double(vectors[row, $1]) * Double(vectors[row, $1]) }.squareRoot()
  }

  /// Scales vectors to length 1, in their place.
  private static func normalized(_ vectors: Matrix, _ names: [String]) throws -> Matrix {
    let lengths = ThreadTeam.shared.results(vectors.rows) { row in
      let length = length(of: row, vectors)
      guard length.isFinite else {
        throw Failure(.badData, "the embedding of \(names[row]) is not finite: embed it anew")
      }
      return length
    }
    for (row, length) in lengths.enumerated() {
      let length = try length.get()
      let scale = length > 0 ? Float(1 / length) : 0
      for column in 0..<vectors.columns { vectors[row, column] *= scale }
    }
    return vectors
  }
}

extension EmbeddingTransform {
  /// Estimates the projection of linear discriminant analysis, by the covariances of speakers' means and of utterances
  /// about them, in which every utterance counts alike (Fukunaga, Introduction to Statistical Pattern Recognition,
  /// chapter 10).
  /// - Parameters:
  ///   - dimensions: the number of directions of the largest ratios that are kept; nil keeps at most `usual`.
  ///   - mean: the mean that is subtracted.
  ///   - counting: shows how much is done.
  /// - Throws: `Failure(.badData)` where the speakers or their utterances are too few.
  static func discriminant(
    _ vectors: Matrix, _ groups: SpeakerGroups, dimensions: Int?, usual: Int, mean: [Float],
    counting: WorkCounting = .silent
  ) throws -> EmbeddingTransform {
    guard groups.names.count > 1 else {
      throw Failure(.badData, "LDA takes utterances of two speakers or more: the training set has one speaker")
    }
    let plain = EmbeddingTransform(mean: mean, projection: nil)
    let statistics = SpeakerStatistics(plain.centred(vectors), groups, counting: counting)
    let within = (1 / statistics.utterances) * statistics.scatter
    let between = (1 / statistics.utterances) * statistics.means.gram(weights: statistics.counts)
    let axes = try SimultaneousDiagonalization(inSpanOf: within, between: between)
    let most = min(axes.transform.rows, groups.names.count - 1)
    let kept = dimensions ?? min(usual, most)
    guard kept <= most else {
      throw Failure(
        .badData,
        "--lda \(kept): \(groups.names.count.counted("speaker")), whose utterances differ in \(axes.transform.rows) of "
          + "\(vectors.columns) directions, have at most \(most)")
    }
    return EmbeddingTransform(mean: mean, projection: axes.transform.first(kept).single)
  }
}
