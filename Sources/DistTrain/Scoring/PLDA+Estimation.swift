extension PLDA {
  /// The number of iterations of expectation maximisation; Kaldi's `ivector-compute-plda` has as many.
  static let iterations = 10

  /// Estimates the model by expectation maximisation, which counts a speaker by the number of their utterances as the
  /// likelihood does; moments would count speakers of two utterances like those of a hundred. The mean is that of the
  /// speakers' means (Kaldi).
  ///
  /// It starts at the moments. Each iteration takes the posterior of each speaker's y, given their utterances, and
  /// makes the covariances of its moments (Kenny 2010; Kaldi's `PldaEstimator`). In the axes in which one covariance is the
  /// unit matrix and the other diagonal, posteriors are of numbers.
  /// - Parameters:
  ///   - vectors: vectors × dimensions.
  ///   - groups: the rows of each speaker.
  ///   - counting: shows how much is done.
  /// - Complexity: O(utterances · dimensions²) time once, O(speakers · dimensions² + dimensions³) an iteration.
  /// - Throws: `Failure(.badData)` where speakers or their utterances are too few.
  init(
    _ vectors: Matrix, _ groups: SpeakerGroups, iterations: Int = Self.iterations, counting: WorkCounting = .silent
  ) throws {
    let statistics = SpeakerStatistics(vectors, groups, counting: counting)
    let speakers = Double(statistics.counts.count)
    let degrees = statistics.utterances - speakers
    guard speakers > 1, degrees >= Double(vectors.columns) else {
      throw Failure(
        .badData,
        "\(Int(statistics.utterances).counted("utterance")) of \(Int(speakers).counted("speaker")) are too few for "
          + "PLDA of \(vectors.columns) dimensions: give more utterances of each speaker, or fewer dimensions (--lda)")
    }
    let mean = (0..<vectors.columns).map { column in
      statistics.counts.indices.reduce(0) { $0 + statistics.means[$1, column] } / speakers
    }
    let centred = DoubleMatrix.assembled(rows: statistics.means.rows, columns: vectors.columns) { range in
      range.flatMap { row in mean.indices.map { statistics.means[row, $0] - mean[$0] } }
    }
    let ones = [Double](repeating: 1 / speakers, count: statistics.counts.count)
    var axes = try SimultaneousDiagonalization(
      within: (1 / degrees) * statistics.scatter, between: centred.gram(weights: ones))
    var transform = axes.transform
    for _ in 0..<iterations {
      let (within, between) = Self.moments(
        of: centred * transform.transposed, statistics.counts, between: axes.ratios,
        scatter: transform * statistics.scatter * transform.transposed)
      axes = try SimultaneousDiagonalization(within: within, between: between)
      transform = axes.transform * transform
    }
    self.init(mean: mean, transform: transform, between: axes.ratios)
  }

  /// The covariances that the posteriors of the speakers' y make likely, in the axes in which the present ones are the
  /// unit matrix and diagonal.
  /// - Parameters:
  ///   - means: the speakers' means along the axes.
  ///   - counts: the numbers of their utterances.
  ///   - between: the present variances between speakers.
  ///   - scatter: the scatter of utterances about their speakers' means, in the axes.
  private static func moments(
    of means: DoubleMatrix, _ counts: [Double], between: [Double], scatter: DoubleMatrix
  ) -> (within: DoubleMatrix, between: DoubleMatrix) {
    var posterior = means
    var rest = means
    var withinSpread = [Double](repeating: 0, count: between.count)
    var betweenSpread = withinSpread
    for (speaker, count) in counts.enumerated() {
      for (axis, variance) in between.enumerated() {
        let shrinkage = count * variance / (count * variance + 1)
        posterior[speaker, axis] = shrinkage * means[speaker, axis]
        rest[speaker, axis] = means[speaker, axis] - posterior[speaker, axis]
        betweenSpread[axis] += variance / (count * variance + 1)
        withinSpread[axis] += shrinkage
      }
    }
    let utterances = counts.reduce(0, +)
    let speakers = Double(counts.count)
    let ones = [Double](repeating: 1, count: counts.count)
    return (
      within: (1 / utterances) * (scatter + rest.gram(weights: counts) + DoubleMatrix.diagonal(withinSpread)),
      between: (1 / speakers) * (posterior.gram(weights: ones) + DoubleMatrix.diagonal(betweenSpread))
    )
  }
}
