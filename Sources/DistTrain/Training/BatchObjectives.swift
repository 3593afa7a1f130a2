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
    /// This rank's share of the classification loss's gradient of the prototypes.
    package let prototypeGradient: Matrix
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
  ///   - rows: the number of rows of each rank.
  ///   - prototypes: (speakers · subcenters) × dimensions, of any length.
  ///   - margin: of the classification at this step.
  ///   - warmth: of the attention at this step, 0 to 1.
  ///   - given: a of all rows, in place of what the prototypes say of the embeddings.
  package func evaluate(
    embeddings: Matrix, speakers: [Int], rows: [Int], prototypes: Matrix, margin: Double, warmth: Double,
    attention given: [Double]? = nil, communicator: any Communicator
  ) -> Outcome {
    let first = rows[..<communicator.rank].reduce(0, +)
    let own = first..<first + rows[communicator.rank]
    let ownSpeakers = Array(speakers[own])
    let unit = LengthNormalization(embeddings)
    let directions = LengthNormalization(prototypes)
    let cosines = SpeakerCosines(embeddings: unit.unit, prototypes: directions.unit, subcenters: subcenters)

    let (classificationShare, cosineGradient) = softmax.evaluate(
      cosines, speakers: ownSpeakers, margin: margin, batch: speakers.count)
    let prototypeCosines = cosines.spread(cosineGradient)
    let classificationGradient = Matrix(rows: own.count, columns: embeddings.columns)
    multiply(prototypeCosines.view, directions.unit.view, into: classificationGradient.view)
    let prototypeGradient = Matrix(rows: prototypes.rows, columns: prototypes.columns)
    multiply(transposed: prototypeCosines.view, unit.unit.view, into: prototypeGradient.view)

    var attention = [Double](repeating: 0, count: speakers.count)
    attention.replaceSubrange(own, with: contrastive.attention.values(cosines, speakers: ownSpeakers))
    communicator.sum(&attention)
    attention = given ?? attention
    let batch = SupervisedContrastiveLoss.Batch(
      embeddings: communicator.gather(unit.unit, rows: rows), own: own, speakers: speakers, attention: attention)
    let pairs = contrastive.evaluate(batch, warmth: warmth) { communicator.sum(&$0) }
    if let attentionGradient = pairs.attentionGradient {
      // Prototypes take no gradient from the contrastive loss: only the embeddings' side of the cosines moves.
      let byCosine = contrastive.attention.backward(attentionGradient, cosines: cosines, speakers: ownSpeakers)
      multiply(cosines.spread(byCosine).view, directions.unit.view, into: pairs.gradient.view, adding: true)
    }

    var losses = [classificationShare, pairs.loss]
    communicator.sum(&losses)
    return Outcome(
      classificationLoss: losses[0], contrastiveLoss: losses[1], anchors: pairs.anchors,
      gradients: [unit.backward(classificationGradient), unit.backward(pairs.gradient)],
      prototypeGradient: directions.backward(prototypeGradient), attention: attention)
  }
}
