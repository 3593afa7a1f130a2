extension BackEnd {
  /// The score of each trial of a list: a cosine or a log-likelihood ratio of PLDA, normalised by the cohort and
  /// calibrated where the back end is.
  /// - Parameter durations: the utterances' lengths; nil is enough for a calibration without them.
  /// - Throws: `Failure(.badData)` that names the line or the utterance where there is no embedding, no length, or no
  ///   finite score.
  package func scores(
    of list: TrialList, _ embeddings: TrialEmbeddings, durations: UtteranceDurations? = nil
  ) throws -> [Float] {
    try SoleCommunicator.run { try scores(of: list, embeddings, durations: durations, communicator: $0) }
  }

  /// The scores as the other `scores` gives them, on every rank; ranks share the trials and the scores against the cohort.
  /// - Parameter counting: shows how much is done.
  /// - Throws: `AgreedFailure`.
  package func scores(
    of list: TrialList, _ embeddings: TrialEmbeddings, durations: UtteranceDurations?, communicator: any Communicator,
    counting: WorkCounting = .silent
  ) throws -> [Float] {
    let scoring = try TrialScoring(
      self, list, embeddings, qualities: calibration?.qualities ?? [], durations: durations,
      communicator: communicator, counting: counting)
    return try scoring.scores(communicator, counting: counting)
  }

  /// The back end with a calibration that is fitted to the scores which it gives trials with answers.
  /// - Parameters:
  ///   - prior: the prior probability of a target.
  ///   - qualities: the measures that the calibration takes beside the score.
  ///   - counting: shows how much is done.
  /// - Throws: `Failure(.badData)` where no calibration can be fitted, `Failure(.usage)` for a list without answers.
  package func calibrated(
    on list: TrialList, _ embeddings: TrialEmbeddings, prior: Double, qualities: [QualityMeasure] = [],
    durations: UtteranceDurations? = nil, counting: WorkCounting = .silent
  ) throws -> BackEnd {
    guard !list.isBlind else { throw Failure(.usage, "\(list.path): the list has no answers to calibrate by") }
    try list.checkBothKinds()
    let scoring = try SoleCommunicator.run {
      try TrialScoring(
        self, list, embeddings, qualities: qualities, durations: durations, communicator: $0, counting: counting)
    }
    var calibrated = self
    calibrated.calibration = try Calibration(
      inputs: scoring.inputs(counting: counting), targets: list.targets, prior: prior, qualities: qualities)
    return calibrated
  }

  /// The factors of a cohort's vectors as tests of enrolments, and as enrolments of tests.
  func factors(of cohort: Cohort) throws -> (enrolments: Matrix, tests: Matrix) {
    let names = (1...cohort.vectors.rows).map { "vector \($0) of the cohort" }
    let vectors = try transform.applied(to: cohort.vectors, names: names)
    guard let plda else { return (vectors, vectors) }
    let own = DoubleMatrix(vectors)
    // A mean over a speaker's utterances is scored like one utterance, as a trial's test is.
    let counts = [Int](repeating: 1, count: own.rows)
    return (plda.enrolmentFactors(own, counts: counts), plda.testFactors(own))
  }

  /// The factors of enrolments. Cosines take the mean of the embeddings of an enrolment as they are (wespeaker), PLDA
  /// the mean of the transformed ones and their number.
  func enrolmentFactors(of sides: [TrialSides.Side], _ embeddings: Embeddings) throws -> Matrix {
    guard let plda else {
      return try transform.applied(to: Self.means(of: sides, embeddings.vectors), names: sides.map(\.name))
    }
    let rows = sides.flatMap(\.rows)
    let names = rows.map { embeddings.names[$0] }
    let transformed = try transform.applied(to: Self.rows(rows, of: embeddings.vectors), names: names)
    var next = 0
    let own = sides.map { side in
      defer { next += side.rows.count }
      return TrialSides.Side(name: side.name, rows: Array(next..<next + side.rows.count))
    }
    let means = DoubleMatrix(Self.means(of: own, transformed))
    return plda.enrolmentFactors(means, counts: sides.map(\.rows.count))
  }

  /// The factors of tests, each of one embedding.
  func testFactors(of sides: [TrialSides.Side], _ embeddings: Embeddings) throws -> Matrix {
    let vectors = Self.rows(sides.flatMap(\.rows), of: embeddings.vectors)
    let transformed = try transform.applied(to: vectors, names: sides.map(\.name))
    return plda?.testFactors(DoubleMatrix(transformed)) ?? transformed
  }

  /// The mean of each side's vectors.
  static func means(of sides: [TrialSides.Side], _ vectors: Matrix) -> Matrix {
    let means = Matrix(rows: sides.count, columns: vectors.columns)
    inParallel(sides.count) { index in
      let rows = sides[index].rows
      for column in 0..<vectors.columns {
        let sum = rows.reduce(0.0) { $0 + Double(vectors[$1, column]) }
        means[index, column] = Float(sum / Double(rows.count))
      }
    }
    return means
  }

  private static func rows(_ rows: [Int], of vectors: Matrix) -> Matrix {
    let gathered = Matrix(rows: rows.count, columns: vectors.columns)
    inParallel(rows.count) { index in
      for column in 0..<vectors.columns { gathered[index, column] = vectors[rows[index], column] }
    }
    return gathered
  }
}
