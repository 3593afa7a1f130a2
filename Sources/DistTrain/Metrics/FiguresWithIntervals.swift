/// Figures with their intervals over speakers.
package struct FiguresWithIntervals: Sendable {
  package struct Row: Sendable, Equatable {
    /// The figure's name, as `DetectionFigures.names` has it.
    package let name: String
    package let value: Double
    /// nil where none was asked for or the list has too few speakers.
    package let interval: SpeakerBootstrap.Interval?
  }

  package let rows: [Row]

  /// - Parameters:
  ///   - bootstrap: gives the intervals; nil gives none.
  ///   - counting: shows how many resamples are done.
  /// - Throws: `Failure(.badData)` where no resample has trials of both kinds.
  package init(
    _ trials: RankedTrials, _ choice: DetectionFigures.Choice, _ bootstrap: SpeakerBootstrap?,
    counting: WorkCounting = .silent
  ) throws {
    let values = trials.figures(choice).values
    let resampled = bootstrap.map { bootstrap in
      counting.count(bootstrap.resamples, of: "resamples drawn") { drawn in
        bootstrap.figures(trials, choice, drawn: drawn).compactMap { $0?.values }
      }
    }
    if let resampled, resampled.isEmpty { throw SystemComparison.fewSpeakers }
    let forms = DetectionFigures.forms(choice)
    rows = zip(DetectionFigures.names(choice), values).enumerated().map { index, figure in
      let interval = resampled.flatMap { resampled in
        bootstrap?.interval(of: figure.1, resampled.map { $0[index] }, forms[index])
      }
      return Row(name: figure.0, value: figure.1, interval: interval)
    }
  }
}
