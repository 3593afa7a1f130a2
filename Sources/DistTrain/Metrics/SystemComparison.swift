/// Two systems on one list of trials, compared on the same resamples of its speakers.
package struct SystemComparison: Sendable {
  /// The difference of one figure.
  package struct Difference: Sendable, Equatable {
    /// The second system's figure minus the first's.
    package let value: Double
    package let interval: SpeakerBootstrap.Interval
    /// The probability of a difference as large as this were there none, as `SpeakerBootstrap.pValue` has it of
    /// the resamples in which the difference has the other sign or none.
    package let p: Double
  }

  /// The differences in the order of `DetectionFigures.names`.
  package let differences: [Difference]

  /// - Parameter counting: shows how many resamples are done.
  /// - Throws: `Failure(.badData)` where no resample has trials of both kinds.
  package init(
    _ first: RankedTrials, _ second: RankedTrials, _ choice: DetectionFigures.Choice, _ bootstrap: SpeakerBootstrap,
    counting: WorkCounting = .silent
  ) throws {
    let (ours, theirs) = counting.count(2 * bootstrap.resamples, of: "resamples of both systems drawn") { drawn in
      (bootstrap.figures(first, choice, drawn: drawn), bootstrap.figures(second, choice, drawn: drawn))
    }
    let resampled = zip(ours, theirs).compactMap {
      first, second in first.flatMap { first in second.map { zip(first.values, $0.values).map { $1 - $0 } } }
    }
    guard !resampled.isEmpty else { throw Self.fewSpeakers }
    let values = zip(first.figures(choice).values, second.figures(choice).values).map { $1 - $0 }
    differences = values.enumerated().map { index, value in
      let others = resampled.map { $0[index] }
      let opposed = min(others.count { $0 <= 0 }, others.count { $0 >= 0 })
      return Difference(
        value: value, interval: bootstrap.interval(of: value, others, .percentiles),
        p: bootstrap.pValue(opposed: opposed, of: others.count))
    }
  }

  /// No resample has trials of both kinds.
  static let fewSpeakers = Failure(
    .badData, "no resample of the speakers has targets and non-targets: the list has too few speakers for intervals")
}
