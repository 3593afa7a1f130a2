/// Both objectives of a global batch, from each rank's embeddings to the gradients of these.
package struct BatchObjectives: Sendable {
  package struct Outcome {
    /// Of the global batch.
    package let classificationLoss: Double
    package let contrastiveLoss: Double
    /// Rows of the global batch that have a positive.
    package let anchors: Int
    /// Gradients of this rank's embeddings before length normalisation, rows × dimensions: classification, contrastive.
    package let gradients: [Matrix]
    /// For each of this rank's nodes its share of the classification loss's gradient of the prototypes' directions.
    package let directionGradients: [Matrix]
    /// The prototypes' directions: their gradient, once summed over ranks, becomes the prototypes'.
    package let directions: LengthNormalization
    /// a of all rows of the global batch.
    package let attention: [Double]
  }

  package let softmax: AdditiveAngularMarginSoftmax
  package let subcenters: Int
  package let contrastive: SupervisedContrastiveLoss

  package init(softmax: AdditiveAngularMarginSoftmax, subcenters: Int, contrastive: SupervisedContrastiveLoss) {
    self.softmax = softmax
    self.subcenters = subcenters
    self.contrastive = contrastive
  }

  /// - Parameters:
  ///   - embeddings: of this rank's rows, rows × dimensions.
  ///   - speakers: of all rows of the global batch.
  ///   - cut: which rows each rank has.
  ///   - prototypes: (speakers · subcenters) × dimensions, of any length.
  ///   - margin: of the classification at this step.
  ///   - warmth: of the attention at this step, 0 to 1.
  ///   - given: a of all rows, in place of what the prototypes say of the embeddings.
  package func evaluate(
    embeddings: Matrix, speakers: [Int], cut: BatchCut, prototypes: Matrix, margin: Double, warmth: Double,
    attention given: [Double]? = nil, communicator: any Communicator
  ) -> Outcome {
    let own = cut.rows(of: communicator.rank)
    let units = cut.units(of: communicator.rank)
    let ownSpeakers = Array(speakers[own])
    let unit = LengthNormalization(embeddings)
    let directions = LengthNormalization(prototypes)
    let cosines = SpeakerCosines(embeddings: unit.unit, prototypes: directions.unit, subcenters: subcenters)
    func total(_ values: [Double], _ width: Int) -> [Double] {
      communicator.sum(units.nodeSums(values, width: width), width: width, of: cut.shares)
    }
    func gather(_ values: [Double], each: Int) -> [Double] {
      communicator.gather(values, counts: cut.counts.map { each * $0 })
    }

    let (classificationLosses, cosineGradient) = softmax.evaluate(
      cosines, speakers: ownSpeakers, margin: margin, batch: speakers.count)
    let prototypeCosines = cosines.spread(cosineGradient)
    let classificationGradient = Matrix(rows: own.count, columns: embeddings.columns)
    multiply(prototypeCosines.view, directions.unit.view, into: classificationGradient.view)
    let directionGradients = units.nodes.map { _ in
      Matrix.zeros(rows: prototypes.rows, columns: prototypes.columns)
    }
    addUnitProducts(
      transposed: prototypeCosines.view, unit.unit.view, units: units, to: directionGradients.map(\.view))

    let attention = given ?? gather(contrastive.attention.values(cosines, speakers: ownSpeakers), each: 1)
    let batch = SupervisedContrastiveLoss.Batch(
      embeddings: communicator.gather(unit.unit, rows: cut.counts), own: own, speakers: speakers,
      attention: attention, units: units)
    let pairs = contrastive.evaluate(batch, warmth: warmth, gather: { gather($0, each: 2) }, total: total)
    if let attentionGradient = pairs.attentionGradient {
      // Prototypes take no gradient from the contrastive loss: only the embeddings' side of the cosines moves.
      let byCosine = contrastive.attention.backward(attentionGradient, cosines: cosines, speakers: ownSpeakers)
      multiply(cosines.spread(byCosine).view, directions.unit.view, into: pairs.gradient.view, adding: true)
    }

    let losses = total(
      units.ranges(of: own.count).flatMap { rows in
        [classificationLosses, pairs.losses].map { $0[rows].reduce(0, +) }
      }, 2)
    return Outcome(
      classificationLoss: losses[0], contrastiveLoss: losses[1], anchors: pairs.anchors,
      gradients: [unit.backward(classificationGradient), unit.backward(pairs.gradient)],
      directionGradients: directionGradients, directions: directions, attention: attention)
  }
}
