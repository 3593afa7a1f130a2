/// Scores of its held-out trials that a run keeps.
struct RecordedScores: Sendable {
  /// The step that they are of; nil where no result says so.
  let step: Int?
  let list: ScoreList
  let ranked: RankedTrials
  let speakers: TrialSpeakers

  /// The figures that a report has of scores.
  static let choice = DetectionFigures.Choice()

  /// - Parameters:
  ///   - step: the step that they are of; nil where that is not known.
  ///   - trials: the number that their result tells; nil where that is not known.
  ///   - result: the path of that.
  /// - Returns: nil where there is no such file.
  /// - Throws: `Failure(.badData)` where they cannot be read, have no answers or are of another number of trials.
  private init?(_ path: String, ofStep step: Int?, trials: Int?, by result: String) throws {
    guard FileSystem.exists(path) else { return nil }
    list = try ScoreList.read(path)
    guard !list.list.isBlind else { throw Failure(.badData, "\(path): has no answers") }
    if let trials, list.scores.count != trials {
      throw Failure(
        .badData,
        "\(path): has \(list.scores.count.counted("trial")), \(FileSystem.name(of: result)) tells of \(trials): the scores "
          + "are left out")
    }
    do {
      ranked = try RankedTrials(scores: list.scores, targets: list.list.targets)
    } catch let failure as Failure {
      throw Failure(failure.kind, "\(path): \(failure.message)")
    }
    let pairs = list.list.trials.map { (enrolment: $0.enrolment, test: $0.test) }
    speakers = TrialSpeakers(pairs: pairs, targets: list.list.targets, names: list.list.names.count)
    self.step = step
  }

  /// Those of the last evaluation.
  static func last(_ results: EvaluationResults) throws -> RecordedScores? {
    let result = try? EvaluationResults.Result(path: results.lastResultPath)
    return try RecordedScores(
      results.scoresPath, ofStep: results.lastStep(), trials: result?.trials, by: results.lastResultPath)
  }

  /// Those of a step, where they are kept as the best ones.
  static func best(_ results: EvaluationResults, ofStep step: Int) throws -> RecordedScores? {
    guard let best = try results.best(), best.step == step else { return nil }
    return try RecordedScores(
      results.bestScoresPath, ofStep: step, trials: best.result.trials, by: results.bestResultPath)
  }

  /// What resamples the trials' speakers; nil where they are too few or none are asked for.
  func bootstrap(_ resamples: Int) -> SpeakerBootstrap? {
    guard resamples > 0, speakers.count >= SpeakerBootstrap.fewestSpeakers else { return nil }
    return SpeakerBootstrap(speakers, resamples: resamples)
  }

  /// The figures with their intervals, where these can be had.
  func figures(resamples: Int) -> FiguresWithIntervals? {
    (try? FiguresWithIntervals(ranked, Self.choice, bootstrap(resamples)))
      ?? (try? FiguresWithIntervals(ranked, Self.choice, nil))
  }

  /// The differences of another run's figures, in the order of `DetectionFigures.names`; nil where the scores are of
  /// other trials, or no intervals can be had.
  func differences(of other: RecordedScores, resamples: Int) -> [SystemComparison.Difference]? {
    guard let bootstrap = bootstrap(resamples),
      let matched = try? other.list.scores(of: list.list), matched.unused == 0, matched.contradicted == 0,
      let theirs = try? RankedTrials(scores: matched.scores, targets: list.list.targets)
    else { return nil }
    return (try? SystemComparison(ranked, theirs, Self.choice, bootstrap))?.differences
  }
}
