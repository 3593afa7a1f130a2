extension Trainer {
  /// The bytes of memory that this rank will take beyond those that it holds, in the stage that takes most: a step's
  /// passes, as a rehearsal on one utterance shows them, its features and objectives, or an evaluation in the place of
  /// these if that takes more; and the batches that are loaded ahead and a checkpoint's copy, which are there at both.
  /// - Parameter evaluation: the bytes that an evaluation between two steps takes.
  package func memoryAhead(evaluation: Int) -> Int {
    stages.map { memoryAhead(evaluation: evaluation, in: $0) }.max() ?? 0
  }

  private func memoryAhead(evaluation: Int, in plan: TrainingPlan) -> Int {
    let cut = BatchCut(rows: plan.batches.sampler.rows, unit: plan.batches.unit, ranks: communicator.size)
    let rows = cut.rows(of: communicator.rank).count
    let frames = plan.batches.loader.frames(seconds: plan.batches.cropLengths.longest)
    let features = rows * frames * encoder.bins
    let parts = cut.microBatches(plan.microBatches, of: communicator.rank).map(\.utterances)
    // Prototypes that ranks share meet the rows of all ranks.
    let compared = plan.objectives.pieces == nil ? rows : cut.rows
    let classifier = plan.objectives.classifier?.workspace(rows: compared, dimensions: encoder.dimensions) ?? 0
    let kept = keepsActivations ? rows : parts.max() ?? rows
    let copied = parts.count > 1 ? kept * frames * encoder.bins : 0
    let cosines = min(AnchorBlocks.most, rows * cut.rows)
    let step =
      passes(rows: kept, frames: frames, plan.precision)
      + (features + copied + classifier + cosines) * MemoryLayout<Float>.stride
    return max(step, evaluation) + (BatchReader.depth * features + snapshotFloats) * MemoryLayout<Float>.stride
  }

  /// The number of floats that a checkpoint holds, but for the running statistics.
  package var checkpointFloats: Int {
    layout.wholeCount * (1 + optimizer.state.count) + (average?.parameters.count ?? 0)
  }

  /// The number of these of which a checkpoint's copy is in memory: what ranks hold in parts goes through a file.
  private var snapshotFloats: Int {
    isSharedOut ? encoder.layout.parameters.count + (average?.parameters.count ?? 0) : checkpointFloats
  }

  /// The bytes of memory of a forward and a backward pass as a step makes them. No step reads what their rehearsal
  /// leaves in the gradients, because each begins with zeros.
  private func passes(rows: Int, frames: Int, _ precision: Precision) -> Int {
    let scratch = Matrix.zeros(rows: 1, columns: statistics.count)
    return encoder.memory(utterances: rows, frames: frames) { features in
      let (embeddings, pullback) = encoder.encode(
        features, utterances: 1,
        ForwardPass(
          mode: .training, parameters: parameters, statistics: scratch, precision: precision))
      pullback(
        gradients.sums.map { _ in Matrix.zeros(rows: embeddings.rows, columns: embeddings.columns) },
        BackwardPass(parameters: parameters, gradients: gradients.sums, precision: precision))
    }
  }
}
