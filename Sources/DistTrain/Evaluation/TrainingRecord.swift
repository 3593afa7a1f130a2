/// What is known of an encoder's training besides its settings.
package struct TrainingRecord: Sendable {
  /// The result of an evaluation of held-out speakers.
  package struct Evaluation: Sendable, Decodable {
    /// The equal error rate in percent.
    let eer: Double
    let trials: Int
    let targets: Int
  }

  /// The paths of the corpus that was trained on, and of that which was held out.
  package var corpus: String?
  package var evaluationCorpus: String?
  /// The number of steps of the training.
  package var steps: Int?
  package var evaluation: Evaluation?

  package init() {}
}
