import Foundation

/// Runs in a table: the settings that differ, and what came of them.
package struct RunComparison {
  let runs: [RecordedRun]
  let figures: [RunFigures]
  let settings: [(key: String, values: [String?])]
  /// The differences of each run's figures from the first run's, in the order of `names`; nil where the two do not keep
  /// scores of the same trials, and of the first run.
  let differences: [[SystemComparison.Difference]?]
  /// The names of the figures that differences are of.
  let names = DetectionFigures.names(RecordedScores.choice).dropLast()

  /// - Parameter resamples: the number of resamples for intervals and tests; 0 for none.
  package init(_ runs: [RecordedRun], resamples: Int) {
    self.runs = runs
    figures = runs.map { RunFigures($0, resamples: resamples) }
    settings = RecordedRun.differences(runs)
    let scores = runs.map { try? $0.scores?.get() }
    differences = scores.enumerated().map { index, other in
      guard index > 0, let first = scores[0], let other else { return nil }
      return first.differences(of: other, resamples: resamples)
    }
  }

  /// A line of the table, with a text for each run; nil where it is not known.
  typealias Row = (name: String, values: [String?])

  /// What came of the runs.
  var results: [Row] {
    let costs = RunFigures.priors(figures).map { prior -> Row in
      ("minDCF(\(prior))", figures.map { RunFigures.shown($0.minDCF(prior), decimals: 4) })
    }
    let last: [Row] = [
      ("steps", figures.map(\.shownSteps)),
      ("evaluated at step", figures.map { $0.step.map(String.init) }),
      ("EER %", figures.map { RunFigures.shown($0.eer, decimals: 3) }),
    ]
    let best: [Row] = [("best EER %", figures.map(\.shownBest))]
    let time: [Row] = [("time", figures.map(\.shownTime)), ("utterances/s", figures.map(\.shownSpeed))]
    return last + costs + best + rowsOfSets + time + tests
  }

  /// The rows of the paired tests; none where no two runs can be compared.
  private var tests: [Row] {
    guard differences.contains(where: { $0 != nil }) else { return [] }
    return names.enumerated().map { index, name in
      let decimals = name == "EER" ? 3 : 4
      return (
        "\(name) less that of \(runs[0].name)",
        differences.map { $0.map { RunFigures.shown($0[index], decimals: decimals) } }
      )
    }
  }

  /// The table in lines, a column for each run.
  package var text: String {
    let rows =
      [("", runs.map { $0.name as String? })] + settings.map { ($0.key, $0.values) }
      + results.map { ($0.name, $0.values) }
    let table = rows.map { [$0.0.shown] + $0.1.map { $0?.shown ?? "–" } }
    return ([TextTable(leftColumns: runs.count + 1).text(table)] + notes).joined(separator: "\n")
  }

  private var notes: [String] {
    guard runs.count > 1 else { return [] }
    let others = runs.indices.dropFirst().filter { differences[$0] == nil }.map { runs[$0].name.shown }
    guard !others.isEmpty else { return [] }
    return [
      "no paired test of \(others.joined(separator: ", ")): takes both runs' evaluation/scores of the same trials, of "
        + "\(SpeakerBootstrap.fewestSpeakers) speakers or more, and resamples"
    ]
  }
}

extension RunComparison {
  /// The comparison as JSON, in one line.
  package var json: String {
    let all = runs.indices.map { index -> String in
      let (run, figures) = (runs[index], figures[index])
      let settings = settings.map { "\(JSONText.quoted($0.key)):\(Self.quoted($0.values[index]))" }
      return "{\"name\":\(JSONText.quoted(run.name)),\"path\":\(JSONText.quoted(run.folder.path)),"
        + "\"settings\":{\(settings.joined(separator: ","))},\"steps\":\(figures.steps.last),"
        + "\"plannedSteps\":\(figures.steps.planned.map(String.init) ?? "null"),"
        + "\"evaluation\":\(Self.evaluation(figures)),\"best\":\(Self.best(figures.best)),"
        + "\"sets\":\(Self.sets(run)),"
        + "\"elapsedSeconds\":\(Self.number(figures.seconds)),"
        + "\"utterancesPerSecond\":\(Self.number(figures.utterancesPerSecond)),\"differences\":\(differences(index))}"
    }
    return "{\"runs\":[\(all.joined(separator: ","))]}"
  }

  private func differences(_ index: Int) -> String {
    guard let own = differences[index] else { return "null" }
    let members = zip(names, own).map { name, difference in
      "\(JSONText.quoted(name)):{\"value\":\(JSONText.number(difference.value)),"
        + "\"interval\":\(Self.interval(difference.interval)),\"p\":\(JSONText.number(difference.p))}"
    }
    return "{\(members.joined(separator: ","))}"
  }

  private static func evaluation(_ figures: RunFigures) -> String {
    guard let step = figures.step else { return "null" }
    let costs = figures.minDCF.map { "\(JSONText.quoted($0.prior)):\(figure($0.figure))" }.joined(separator: ",")
    return "{\"step\":\(step),\"eer\":\(figures.eer.map(figure) ?? "null"),\"minDCF\":{\(costs)}}"
  }

  static func best(_ best: RecordedRun.Evaluation?) -> String {
    best.map { "{\"step\":\($0.step),\"eer\":\(JSONText.number($0.eer))}" } ?? "null"
  }

  static func figure(_ figure: RunFigures.Figure) -> String {
    "{\"value\":\(JSONText.number(figure.value)),\"interval\":\(figure.interval.map(interval) ?? "null")}"
  }

  private static func interval(_ interval: SpeakerBootstrap.Interval) -> String {
    "[\(JSONText.number(interval.low)),\(JSONText.number(interval.high))]"
  }

  private static func number(_ value: Double?) -> String { value.map(JSONText.number) ?? "null" }

  private static func quoted(_ text: String?) -> String { text.map(JSONText.quoted) ?? "null" }
}
