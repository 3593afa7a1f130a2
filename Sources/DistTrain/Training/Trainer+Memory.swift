extension Trainer {
  /// The number of frames that the shortest maps of a rehearsal have. It is a prime that hardly any layer's size is a
  /// multiple of, and so small that products are made whole. The buffers of sums in pieces would not be those of a
  /// step. All longer maps have multiples of it.
  private static var rehearsed: Int { 13 }

  /// The bytes of memory that this rank's steps will take beyond those that it holds: the encoder's passes, as a
  /// rehearsal on one utterance shows them, the objectives, the batches that are loaded ahead, and a checkpoint's copy.
  func memoryAhead() -> Int {
    let rows = batches.cut(rows: plan.batches.sampler.rows).rows(of: communicator.rank).count
    let frames = plan.batches.loader.frames(seconds: plan.batches.cropLengths.longest)
    let shortest = (frames + encoder.frameStride - 1) / encoder.frameStride
    let passes = rehearsal().bytes(columns: Self.rehearsed, as: rows * shortest)
    BufferPool.shared.trim()

    let features = (1 + BatchReader.depth) * rows * frames * encoder.bins
    let classifier = plan.objectives.classifier?.workspace(rows: rows, dimensions: encoder.dimensions) ?? 0
    let snapshot = parameters.count * (1 + optimizer.state.count)
    return passes + (features + classifier + snapshot) * MemoryLayout<Float>.stride
  }

  /// Records a forward and a backward pass as a step makes them, on silence. No step reads what they leave in the
  /// gradients, because each begins with zeros.
  private func rehearsal() -> BufferTrace {
    let features = Matrix.zeros(rows: encoder.bins, columns: Self.rehearsed * encoder.frameStride)
    let scratch = Matrix.zeros(rows: 1, columns: statistics.count)
    return BufferPool.shared.tracing {
      let (embeddings, pullback) = encoder.encode(
        features, utterances: 1,
        ForwardPass(
          mode: .training, parameters: parameters, statistics: scratch, precision: plan.precision))
      pullback(
        gradients.sums.map { _ in Matrix.zeros(rows: embeddings.rows, columns: embeddings.columns) },
        BackwardPass(parameters: parameters, gradients: gradients.sums, precision: plan.precision))
    }
  }
}
