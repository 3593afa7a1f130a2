/// ECAPA-TDNN (Desplanques, Thienpondt and Demuynck, "ECAPA-TDNN: Emphasized Channel Attention, Propagation and
/// Aggregation in TDNN Based Speaker Verification", Interspeech 2020).
package struct ECAPATDNN: Encoder {
  /// The toolkit whose structure and parameter names the encoder has. Parameters of one do not fit the other.
  package enum Arrangement: String, Sendable, CaseIterable {
    /// The structure with zeros beyond the ends of an utterance, where the last Res2 chunk is passed on and neither the
    /// aggregation nor the attention is normalised.
    case wespeaker
    /// The structure with reflection at the ends of an utterance, where the first Res2 chunk is passed on, and
    /// aggregation and attention are normalised.
    case speechbrain
  }

  /// The statistics of frames that wespeaker's encoder may take. SpeechBrain's has attentive ones alone.
  package enum Pooling: String, Sendable, CaseIterable {
    /// Mean and deviation, weighted by an attention.
    case astp
    /// Mean and deviation.
    case tstp
    /// The posterior mean of xi-vectors.
    case xi
  }

  /// The sizes of an encoder. The defaults are the published ones.
  package struct Sizes: Sendable, Equatable {
    package var bins = 80
    package var channels = 512
    package var embedding = 192
    /// The number of channels of the aggregation.
    package var aggregation = 1536
    package var scale = 8
    package var squeezeBottleneck = 128
    package var attentionBottleneck = 128
    /// Whether the attention sees the statistics of the utterance.
    package var globalContext = true
    package var pooling = Pooling.astp

    package init() {}
  }

  package let layout: EncoderLayout
  package let sizes: Sizes
  let entry: ConvolutionBlock
  let blocks: [SERes2Block]
  /// The aggregation of the blocks' joined outputs, followed by pooling over frames.
  let aggregation: any GraphLayer
  let normalization: BatchNormalization
  let output: Linear

  package var bins: Int { sizes.bins }
  package var dimensions: Int { sizes.embedding }
  package var minimumFrames: Int {
    blocks.map(\.minimumFrames).reduce(max(entry.minimumFrames, aggregation.minimumFrames), max)
  }

  package init(_ sizes: Sizes, arrangement: Arrangement = .wespeaker) {
    precondition(arrangement == .wespeaker || sizes.pooling == .astp, "SpeechBrain's pooling is attentive")
    switch arrangement {
    case .wespeaker: self.init(wespeaker: sizes)
    case .speechbrain: self.init(speechbrain: sizes)
    }
  }

  package func encode(
    _ features: Matrix, utterances: Int, _ pass: ForwardPass
  ) -> (embeddings: Matrix, pullback: Pullback) {
    precondition(features.rows == bins, "\(bins) features a frame expected, not \(features.rows)")
    let grid = Grid(utterances: utterances, frames: features.columns / utterances)
    let (first, entryCache) = entry.forward(AffineView(features.view), grid, pass)
    let (joined, blockCaches) = joinedBlocks(first, grid, pass)
    let (pooled, backwardThroughAggregation) = aggregation.apply(AffineView(joined.view), grid, pass)
    let (normalized, normalizationCache) = normalization.forward(pooled, grid.pooled, pass)
    let embeddings = Matrix(rows: dimensions, columns: utterances)
    let (_, outputCache) = output.forward(normalized, grid.pooled, into: embeddings.view, pass)
    let pullback = Pullback(layout) { gradient, pass in
      let pooledGradient = Matrix(rows: output.inputs, columns: gradient.columns).view
      output.backward(gradient.view, cache: outputCache, into: pooledGradient, pass)
      normalization.backward(pooledGradient, cache: normalizationCache, into: pooledGradient, pass)
      let joinedGradient = backwardThroughAggregation(pooledGradient, pass)
      let firstGradient = backwardThroughBlocks(joinedGradient, blockCaches, pass)
      entry.backward(firstGradient, cache: entryCache, into: nil, pass)
    }
    return (embeddings.transposed, pullback)
  }

  /// The rows of a block's output among the joined ones.
  private func rows(of block: Int) -> Range<Int> { block * sizes.channels..<(block + 1) * sizes.channels }

  /// Runs the blocks, each of which reads the output of the one before. All outputs lie in one matrix, as the
  /// aggregation reads them.
  private func joinedBlocks(
    _ input: AffineView, _ grid: Grid, _ pass: ForwardPass
  ) -> (joined: Matrix, caches: [SERes2Block.Cache]) {
    let joined = Matrix(rows: blocks.count * sizes.channels, columns: grid.columns)
    var caches: [SERes2Block.Cache] = []
    var current = input
    for (index, block) in blocks.enumerated() {
      let (output, cache) = block.forward(current, grid, into: joined.rows(rows(of: index)), pass)
      caches.append(cache)
      current = output
    }
    return (joined, caches)
  }

  /// Takes the gradient back through the blocks and returns that of the first block's input, in the memory of the
  /// gradient of that block's output.
  private func backwardThroughBlocks(
    _ joined: Matrix, _ caches: [SERes2Block.Cache], _ pass: BackwardPass
  ) -> MatrixView {
    for index in blocks.indices.reversed() {
      let own = joined.rows(rows(of: index))
      blocks[index].backward(own, cache: caches[index], into: own, pass)
      guard index > 0 else { continue }
      // The block before gave its output to this block and to the aggregation.
      let before = joined.rows(rows(of: index - 1))
      own.add(to: before)
    }
    return joined.rows(rows(of: 0))
  }
}

extension ECAPATDNN: GraphEncoder {
  package func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    var outputs = [entry.describe(features, in: &graph)]
    for block in blocks { outputs.append(block.describe(outputs[outputs.count - 1], in: &graph)) }
    let joined = graph.add("Concat", Array(outputs.dropFirst()), attributes: ["axis": 1])
    let pooled = aggregation.describe(joined, in: &graph)
    return output.describe(normalization.describe(pooled, in: &graph), in: &graph)
  }
}
