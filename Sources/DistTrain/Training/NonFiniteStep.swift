/// A step of which a loss or gradient was not finite on some rank. All ranks throw it together, and the trainer is as it
/// was before the step, its running statistics included.
package struct NonFiniteStep: Error, Sendable, CustomStringConvertible {
  /// What the step measured; its numbers may be no numbers.
  package var metrics: StepMetrics
  /// Whether the features of each row of the global batch are finite.
  package let finiteRows: [Bool]
  /// Utterances newly found unreadable by the step on any rank.
  package var unreadable: [BatchLoader.Unreadable] = []

  package init(metrics: StepMetrics, finiteRows: [Bool]) {
    self.metrics = metrics
    self.finiteRows = finiteRows
  }

  package var description: String {
    "step \(metrics.step): a loss or gradient is not finite (classification \(metrics.classificationLoss), contrastive "
      + "\(metrics.contrastiveLoss))"
  }

  /// What the step was computed on, as JSON: its numbers, and utterance, speaker and view of every row.
  /// - Parameter rows: of the global batch.
  package func report(rows: [BatchRow], corpus: Corpus, rollbacks: Int) -> String {
    let lines = zip(rows, finiteRows).map { row, isFinite in
      "    {\"utterance\": \(JSONText.quoted(corpus.utterances[row.utterance].id)), "
        + "\"speaker\": \(JSONText.quoted(corpus.speakers[row.speaker])), \"view\": \(row.view), "
        + "\"finiteFeatures\": \(isFinite)}"
    }
    let numbers: [(String, Double)] = [
      ("classificationLoss", metrics.classificationLoss), ("contrastiveLoss", metrics.contrastiveLoss),
      ("alpha", metrics.alpha), ("classificationGradientNorm", metrics.classificationGradientNorm),
      ("contrastiveGradientNorm", metrics.contrastiveGradientNorm), ("learningRate", metrics.learningRate),
    ]
    let members =
      ["  \"step\": \(metrics.step)", "  \"epoch\": \(metrics.epoch)", "  \"rollbacks\": \(rollbacks)"]
      + numbers.map { "  \"\($0)\": \(JSONText.number($1))" } + [
        "  \"rows\": [\n\(lines.joined(separator: ",\n"))\n  ]"
      ]
    return "{\n\(members.joined(separator: ",\n"))\n}\n"
  }
}
