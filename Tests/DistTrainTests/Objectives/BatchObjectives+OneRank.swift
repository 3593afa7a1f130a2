import DistTrain

extension BatchObjectives {
  /// Classification and contrastive loss, over as many prototypes as there are.
  init(
    _ softmax: AdditiveAngularMarginSoftmax, _ contrastive: SupervisedContrastiveLoss, speakers: Int,
    subcenters: Int = 1, sharded: Bool = false
  ) {
    self.init(
      [softmax, contrastive],
      classifier: sharded
        ? ShardedClassifier(speakers: speakers, subcenters: subcenters)
        : PrototypeClassifier(speakers: speakers, subcenters: subcenters))
  }

  /// The losses of a batch that one rank holds.
  func evaluate(
    _ embeddings: Matrix, speakers: [Int], prototypes: Matrix, margin: Double = 0.2, warmth: Double = 1
  ) -> Losses {
    let rows = GatheredRows(
      embeddings, speakers: speakers, cut: BatchCut(rows: speakers.count, unit: 2, ranks: 1),
      moment: .init(margin: margin, warmth: warmth), communicator: SoleCommunicator())
    return evaluate(rows, parameters: prototypes.flat)
  }
}

extension BatchObjectives.Losses {
  /// The prototypes' gradient where one rank holds the batch.
  func prototypeGradient(of prototypes: Matrix) -> Matrix {
    let gradient = Matrix.zeros(rows: prototypes.rows, columns: prototypes.columns)
    classifier?.pullback.add([gradient.flat])
    classifier?.pullback.finish(gradient.flat)
    return gradient
  }
}

extension Matrix {
  /// All elements as one row.
  var flat: MatrixView { MatrixView(pointer, rows: 1, columns: count, owner: buffer) }
}
