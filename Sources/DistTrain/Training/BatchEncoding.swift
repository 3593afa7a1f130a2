/// The way of this rank's rows of a batch through the encoder and back, micro-batch after micro-batch.
///
/// Each micro-batch is normalised by its own batch statistics. The losses need the embeddings of all, so the way back
/// of the first begins after the way forth of the last. Instead of what all of them would keep for it in between, each
/// goes forth a second time (Gao, Zhang, Han and Callan, "Scaling Deep Contrastive Learning Batch Size under Memory
/// Limited Setup", RepL4NLP 2021), which gives the same bits.
struct BatchEncoding {
  /// The embeddings of this rank's rows before length normalisation, rows × dimensions.
  let embeddings: Matrix
  /// The passes of each micro-batch.
  let passes: [BatchPass]
  private let encoder: any Encoder
  private let features: Matrix
  private let statistics: Matrix
  /// The ways back of micro-batches that keep what they need.
  private let pullbacks: [Pullback?]

  /// Sends the rows forth.
  /// - Parameters:
  ///   - features: the features of this rank's rows, bins × (rows · frames).
  ///   - statistics: the running statistics, which the batch statistics of each micro-batch update in turn.
  ///   - keepsActivations: whether all micro-batches keep what their ways back need. Only one always does.
  init(
    _ features: Matrix, through encoder: any Encoder, _ passes: [BatchPass], statistics: Matrix, keepsActivations: Bool
  ) {
    (self.encoder, self.features, self.passes, self.statistics) = (encoder, features, passes, statistics)
    let keeps = keepsActivations || passes.count == 1
    let all = passes.reduce(0) { $0 + $1.rows.utterances }
    let embeddings = Matrix(rows: all, columns: encoder.dimensions)
    pullbacks = passes.map { pass in
      let (part, pullback) = encoder.encode(
        pass.rows.columns(of: features, rows: all), utterances: pass.rows.utterances,
        pass.forward(statistics, keepsCaches: keeps))
      pass.rows.put(part, into: embeddings)
      return keeps ? pullback : nil
    }
    self.embeddings = embeddings
  }

  /// Sends the rows of a micro-batch back.
  /// - Parameters:
  ///   - gradients: the gradients of the embeddings of this rank's rows of the batch, rows × dimensions each.
  ///   - way: the backward pass of the micro-batch.
  func sendBack(_ index: Int, _ gradients: [Matrix], _ way: BackwardPass) {
    pullback(index)(gradients.map(passes[index].rows.rows(of:)), way)
  }

  private func pullback(_ index: Int) -> Pullback {
    if let kept = pullbacks[index] { return kept }
    let pass = passes[index]
    // The running statistics were updated on the first way.
    let scratch = Matrix(rows: 1, columns: statistics.columns)
    statistics.view.copy(to: scratch.view)
    return pass.clock.within(.forward) {
      encoder.encode(
        pass.rows.columns(of: features, rows: embeddings.rows), utterances: pass.rows.utterances, pass.forward(scratch)
      ).pullback
    }
  }
}
