/// The error of a step in which a loss or gradient was not finite on some rank. All ranks throw it together, and the
/// trainer is as it was before the step, including its running statistics.
package struct NonFiniteStep: Error, Sendable, CustomStringConvertible {
  /// The measurements of the step, some of which may not be finite.
  package var report: StepReport
  /// Whether the features of each row of the global batch are finite.
  package let finiteRows: [Bool]

  package init(_ report: StepReport, finiteRows: [Bool]) {
    self.report = report
    self.finiteRows = finiteRows
  }

  package var metrics: StepMetrics { report.metrics }

  package var description: String {
    let losses = metrics.objectives.map { "\($0.name) \($0.loss)" }.joined(separator: ", ")
    return "step \(metrics.step): a loss or gradient is not finite (\(losses))"
  }

  /// The contents of the step as JSON: its numbers, and the utterance, speaker and view of every row.
  /// - Parameter rows: the rows of the global batch.
  package func json(rows: [BatchRow], corpus: Corpus, rollbacks: Int) -> String {
    let lines = zip(rows, finiteRows).map { row, isFinite in
      "    {\"utterance\": \(JSONText.quoted(corpus.utterances[row.utterance].id)), "
        + "\"speaker\": \(JSONText.quoted(corpus.speakers[row.speaker])), \"view\": \(row.view), "
        + "\"finiteFeatures\": \(isFinite)}"
    }
    let members =
      ["  \"step\": \(metrics.step)", "  \"epoch\": \(metrics.epoch)", "  \"rollbacks\": \(rollbacks)"]
      + (metrics.numbersOfObjectives + [("learningRate", metrics.learningRate)]).map {
        "  \"\($0)\": \(JSONText.number($1))"
      } + ["  \"rows\": [\n\(lines.joined(separator: ",\n"))\n  ]"]
    return "{\n\(members.joined(separator: ",\n"))\n}\n"
  }
}
