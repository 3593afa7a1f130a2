/// The rows of a global batch as one rank has them for its objectives: its own embeddings, and all ranks' of length one.
package struct GatheredRows {
  let normalization: LengthNormalization
  let batch: ObjectiveBatch

  /// All ranks call this together.
  /// - Parameters:
  ///   - embeddings: of this rank's rows, rows × dimensions, of any length.
  ///   - speakers: of all rows of the global batch.
  ///   - cut: which rows each rank has.
  ///   - held: constants that a check of the gradients holds.
  package init(
    _ embeddings: Matrix, speakers: [Int], cut: BatchCut, moment: ObjectiveBatch.Moment,
    held: ObjectiveBatch.Held? = nil, communicator: any Communicator
  ) {
    normalization = LengthNormalization(embeddings)
    let units = cut.units(of: communicator.rank)
    batch = ObjectiveBatch(
      embeddings: communicator.gather(normalization.unit, rows: cut.counts), own: cut.rows(of: communicator.rank),
      speakers: speakers, units: units, moment: moment,
      exchange: ObjectiveBatch.Exchange { values, each in
        communicator.gather(values, counts: cut.counts.map { each * $0 })
      } total: { values, width in
        communicator.total(values, width: width, units: units, of: cut.shares)
      }, held: held)
  }
}

/// The objectives of a training, and the classifier that they share: from gathered rows to the gradients of embeddings.
public struct BatchObjectives: Sendable {
  public let all: [any Objective]
  public let classifier: (any Classifier)?

  public init(_ all: [any Objective], classifier: (any Classifier)?) {
    precondition(!all.isEmpty, "training follows an objective")
    precondition(Set(all.map(\.name)).count == all.count, "two objectives have one name")
    self.all = all
    self.classifier = classifier
  }

  public var names: [String] { all.map(\.name) }

  /// The losses of a global batch and what they send back, in the order of the objectives.
  package struct Losses {
    /// Of the global batch.
    package let values: [Double]
    /// Rows of the global batch that have a term.
    package let terms: [Int]
    /// Gradients of this rank's embeddings before length normalisation, rows × dimensions.
    package let gradients: [Matrix]
    /// Brings the gradient of the classifier's parameters, and says of which objective it is.
    package let classifier: (objective: Int, pullback: ClassifierPullback)?

    /// Whether each objective has a term in the batch.
    var present: [Bool] { terms.map { $0 > 0 } }
  }

  /// - Parameter parameters: the classifier's, one row.
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
