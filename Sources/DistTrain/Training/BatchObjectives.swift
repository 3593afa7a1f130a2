/// The rows of a global batch as one rank has them for its objectives: its own embeddings, and those of all ranks at
/// length one.
package struct GatheredRows {
  let normalization: LengthNormalization
  let batch: ObjectiveBatch

  /// Gathers the rows of all ranks. All ranks call this together.
  /// - Parameters:
  ///   - embeddings: the embeddings of this rank's rows, rows × dimensions, of any length.
  ///   - speakers: the speakers of all rows of the global batch.
  ///   - cut: the cut of the batch into the rows of each rank.
  ///   - held: the constants that a check of the gradients holds.
  ///   - pieces: the classifier's prototypes where ranks share them.
  package init(
    _ embeddings: Matrix, speakers: [Int], cut: BatchCut, moment: ObjectiveBatch.Moment,
    held: ObjectiveBatch.Held? = nil, pieces: PrototypePieces? = nil, communicator: any Communicator
  ) {
    normalization = LengthNormalization(embeddings)
    let units = cut.units(of: communicator.rank)
    batch = ObjectiveBatch(
      embeddings: communicator.gather(normalization.unit, rows: cut.counts), own: cut.rows(of: communicator.rank),
      speakers: speakers, units: units, moment: moment,
      exchange: ObjectiveBatch.Exchange(
        gather: { values, each in communicator.gather(values, counts: cut.counts.map { each * $0 }) },
        total: { values, width in communicator.total(values, width: width, units: units, of: cut.shares) },
        pieces: pieces?.exchange(communicator) ?? .alone), held: held)
  }
}

/// The objectives of a training and the classifier that they share, which make gradients of embeddings from gathered
/// rows.
public struct BatchObjectives: Sendable {
  /// The objectives in their order.
  public let all: [any Objective]
  /// The classifier that they share; nil where none of them needs one.
  public let classifier: (any Classifier)?

  /// At least one objective, each with a name of its own.
  public init(_ all: [any Objective], classifier: (any Classifier)?) {
    precondition(!all.isEmpty, "training follows an objective")
    precondition(Set(all.map(\.name)).count == all.count, "two objectives have one name")
    self.all = all
    self.classifier = classifier
  }

  /// The prototypes that this rank holds where ranks share them; nil where every rank holds the whole classifier.
  package var pieces: PrototypePieces? { (classifier as? ShardedClassifier)?.pieces }

  /// The same objectives with the part of the classifier that a rank holds.
  package func held(by communicator: any Communicator) -> BatchObjectives {
    guard let sharded = classifier as? ShardedClassifier else { return self }
    return BatchObjectives(all, classifier: sharded.held(by: communicator.rank, of: communicator.size))
  }

  /// The objectives' names in their order.
  public var names: [String] { all.map(\.name) }

  /// The losses of a global batch and the gradients that they send back, in the order of the objectives.
  package struct Losses {
    /// The losses of the global batch.
    package let values: [Double]
    /// The number of rows of the global batch that have a term of each objective.
    package let terms: [Int]
    /// The gradients of this rank's embeddings before length normalisation, rows × dimensions.
    package let gradients: [Matrix]
    /// The pullback to the classifier's parameters, with the objective that it belongs to.
    package let classifier: (objective: Int, pullback: ClassifierPullback)?

    /// Whether each objective has a term in the batch.
    var present: [Bool] { terms.map { $0 > 0 } }
  }

  /// Computes the losses and the gradients of the embeddings.
  /// - Parameter parameters: the classifier's parameters, in one row.
  package func evaluate(_ rows: GatheredRows, parameters: MatrixView) -> Losses {
    var batch = rows.batch
    batch.classification = classifier?.classify(batch, parameters: parameters)
    let values = all.map { $0.evaluate(batch) }
    let shares = batch.units.ranges(of: batch.own.count).flatMap { range in
      values.map { $0.losses[range].reduce(0, +) }
    }
    let owners = values.indices.filter { values[$0].classifier != nil }
    precondition(owners.count <= 1, "the classifier belongs to one objective")
    return Losses(
      values: batch.total(shares, width: values.count), terms: values.map(\.terms),
      gradients: values.map { rows.normalization.backward($0.gradient) },
      classifier: owners.first.flatMap { owner in values[owner].classifier.map { (owner, $0) } })
  }
}
