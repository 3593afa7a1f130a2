internal import CKernels

/// A back end's factors, measures and statistics of the sides of a list's trials, from which each trial's score
/// follows.
struct TrialScoring: Sendable {
  private let list: TrialList
  private let places: TrialSides.Places
  private let isCosine: Bool
  private let calibration: Calibration?
  private let enrolments: SideScoring
  private let tests: SideScoring

  /// Computes them on every rank; ranks share the scores against the cohort.
  /// - Parameter counting: shows how much is done of a work that may take long.
  /// - Throws: `AgreedFailure` of kind `badData` that names what has no embedding, no length where lengths are a measure,
  ///   or scores against the cohort that are all equal.
  init(
    _ backEnd: BackEnd, _ list: TrialList, _ embeddings: TrialEmbeddings, qualities: [QualityMeasure],
    durations: UtteranceDurations?, communicator: any Communicator, counting: WorkCounting = .silent
  ) throws {
    let (sides, cohort) = try communicator.agree {
      (try embeddings.sides(of: list), try backEnd.cohort.map { try backEnd.factors(of: $0) })
    }
    self.list = list
    places = sides.places
    isCosine = backEnd.plda == nil
    calibration = backEnd.calibration
    func scoring(
      _ sides: [TrialSides.Side], isEnrolment: Bool, _ scored: WorkCounting.Advance
    ) throws -> SideScoring {
      try SideScoring(
        backEnd, sides, embeddings, isEnrolment: isEnrolment,
        cohort: isEnrolment ? cohort?.tests : cohort?.enrolments, qualities: qualities, durations: durations,
        communicator: communicator, scored: scored)
    }
    let count = sides.enrolments.count + sides.tests.count
    (enrolments, tests) = try counting.count(count, of: "enrolments and tests compared with the cohort") { advance in
      // Where this rank is, the others are about.
      let scored: WorkCounting.Advance = { [size = communicator.size] in advance($0 * size) }
      return (
        try scoring(sides.enrolments, isEnrolment: true, scored), try scoring(sides.tests, isEnrolment: false, scored)
      )
    }
  }

  /// The score of each trial, calibrated where the back end is; the same on any number of ranks and threads.
  /// - Throws: `AgreedFailure` of kind `badData` that names the line of the first trial whose score is not finite.
  func scores(_ communicator: any Communicator, counting: WorkCounting = .silent) throws -> [Float] {
    try counting.count(list.trials.count, of: "trials scored") { advance in
      let scored: WorkCounting.Advance = { [size = communicator.size] in advance($0 * size) }
      return try communicator.shared(list.trials.count) { try scores(of: $0, scored) }
    }
  }

  /// The scores of a stretch of trials.
  private func scores(of share: Range<Int>, _ scored: WorkCounting.Advance) throws -> [Float] {
    let scores = Matrix(rows: 1, columns: share.count)
    inPieces(scores.columns) { range in
      for place in range {
        let trial = share.lowerBound + place
        let score = calibration.map { $0.ratio(inputs(of: trial)) } ?? score(of: trial)
        scores[0, place] = Float(score)
      }
      scored(range.count)
    }
    if let place = scores.elements.firstIndex(where: { !$0.isFinite }) {
      let bad = share.lowerBound + place
      let trial = list.trials[bad]
      throw Failure(
        .badData,
        "\(list.path), line \(list.line(of: bad)): the score of \(list.names[trial.enrolment]) and "
          + "\(list.names[trial.test]) is not finite")
    }
    return scores.values
  }

  /// The score of each trial and then the values of each measure, for the calibration.
  func inputs(counting: WorkCounting = .silent) -> DoubleMatrix {
    counting.count(list.trials.count, of: "trials scored") { scored in
      DoubleMatrix.assembled(
        rows: list.trials.count, columns: 1 + QualityMeasure.values * enrolments.measures.count
      ) { range in
        defer { scored(range.count) }
        return range.flatMap { inputs(of: $0) }
      }
    }
  }

  private func inputs(of trial: Int) -> [Double] {
    let (enrolment, test) = sides(of: trial)
    var inputs = [score(of: trial)]
    for (one, other) in zip(enrolments.measures, tests.measures) {
      inputs += QualityMeasure.values(one[enrolment], other[test])
    }
    return inputs
  }

  private func sides(of trial: Int) -> (enrolment: Int, test: Int) {
    (places.enrolments[list.trials[trial].enrolment], places.tests[list.trials[trial].test])
  }

  /// The score of a trial, normalised where there is a cohort.
  private func score(of trial: Int) -> Double {
    let (enrolment, test) = sides(of: trial)
    let factors = (enrolments.factors, tests.factors)
    let product = ck_dot(factors.0.row(enrolment), factors.1.row(test), factors.0.columns)
    let score = isCosine ? min(max(product, -1), 1) : product
    guard let one = enrolments.cohort, let other = tests.cohort else { return score }
    return CohortScores.normalized(score, (one, enrolment), (other, test))
  }
}

/// What the enrolments or the tests of trials bring to the trials' scores.
private struct SideScoring: Sendable {
  /// The vectors whose inner products with the other side's are scores.
  let factors: Matrix
  /// The statistics of the scores against the cohort; nil without one.
  let cohort: CohortScores?
  /// Each measure of each side.
  let measures: [[Double]]

  init(
    _ backEnd: BackEnd, _ sides: [TrialSides.Side], _ trials: TrialEmbeddings, isEnrolment: Bool, cohort: Matrix?,
    qualities: [QualityMeasure], durations: UtteranceDurations?, communicator: any Communicator,
    scored: WorkCounting.Advance
  ) throws {
    let embeddings = trials.embeddings
    let factors = try communicator.agree {
      try isEnrolment ? backEnd.enrolmentFactors(of: sides, embeddings) : backEnd.testFactors(of: sides, embeddings)
    }
    let scores = try cohort.map {
      try CohortScores(
        factors, against: $0, top: backEnd.top, names: sides.map(\.name), communicator: communicator,
        scored: scored)
    }
    self.factors = factors
    self.cohort = scores
    measures = try communicator.agree {
      try qualities.map { measure in
        switch measure {
        case .magnitudes: return backEnd.transform.magnitudes(BackEnd.means(of: sides, embeddings.vectors))
        case .cohortMeans:
          guard let scores else {
            throw Failure(.usage, "--qualities cohort-means: there is no cohort: choose a normalization")
          }
          return scores.means
        case .durations:
          guard let durations else {
            throw Failure(.usage, "the back end's calibration takes durations: give them by --utt2dur FILE")
          }
          let longest = isEnrolment ? .infinity : trials.longestTest
          return try sides.map { side in
            try durations.total(of: side.rows.map { embeddings.names[$0] }, atMost: longest)
          }
        }
      }
    }
  }
}
