internal import CKernels

/// ECAPA-TDNN (Desplanques, Thienpondt and Demuynck, "ECAPA-TDNN: Emphasized Channel Attention, Propagation and
/// Aggregation in TDNN Based Speaker Verification", Interspeech 2020).
package struct ECAPATDNN: Encoder {
  /// The toolkit whose arrangement and parameter names the encoder has. Parameters of one do not fit the other.
  package enum Arrangement: String, Sendable, CaseIterable {
    /// Zeros beyond an utterance's ends, the last Res2 chunk passed on, neither the aggregation nor the attention
    /// normalised.
    case wespeaker
    /// Reflection at an utterance's ends, the first Res2 chunk passed on, aggregation and attention normalised.
    case speechbrain
  }

  /// Sizes; the defaults are the published ones.
  package struct Sizes: Sendable, Equatable {
    package var bins = 80
    package var channels = 512
    package var embedding = 192
    /// Channels of the aggregation.
    package var aggregation = 1536
    package var scale = 8
    package var squeezeBottleneck = 128
    package var attentionBottleneck = 128
    package var globalContext = true

    package init() {}
  }

  package struct Cache {
    let utterances: Int
    let entry: ConvolutionBlock.Cache
    let blocks: [SERes2Block.Cache]
    let aggregation: Aggregation.Cache
    /// 2·aggregation × utterances.
    let pooled: Matrix
    let normalization: BatchNormalization.Cache
    let normalized: Matrix
  }

  package let layout: EncoderLayout
  package let sizes: Sizes
  let entry: ConvolutionBlock
  let blocks: [SERes2Block]
  let aggregation: Aggregation
  let normalization: BatchNormalization
  let output: Linear

  package var bins: Int { sizes.bins }
  package var dimensions: Int { sizes.embedding }
  package var minimumFrames: Int {
    max(entry.convolution.minimumFrames, blocks.map(\.minimumFrames).max() ?? 1)
  }

  package init(_ sizes: Sizes, arrangement: Arrangement = .wespeaker) {
    switch arrangement {
    case .wespeaker: self.init(wespeaker: sizes)
    case .speechbrain: self.init(speechbrain: sizes)
    }
  }

  package func encode(
    _ features: Matrix, utterances: Int, _ pass: ForwardPass
  ) -> (embeddings: Matrix, pullback: Pullback) {
    let (embeddings, cache) = forward(features, utterances: utterances, pass)
    return (embeddings, { gradients, pass in backward(gradients, cache: cache, pass) })
  }

  package func forward(_ features: Matrix, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache) {
    precondition(features.rows == bins, "\(bins) features a frame expected, not \(features.rows)")
    let (first, entryCache) = entry.forward(AffineView(features.view), utterances: utterances, pass)
    let joined = Matrix(rows: blocks.count * sizes.channels, columns: features.columns)
    var caches: [SERes2Block.Cache] = []
    var current = first
    for (index, block) in blocks.enumerated() {
      let output = joined.rows(index * sizes.channels..<(index + 1) * sizes.channels)
      caches.append(block.forward(current, utterances: utterances, into: output, pass))
      current = AffineView(output)
    }
    let (pooled, aggregationCache) = aggregation.forward(joined, utterances: utterances, pass)
    let normalized = Matrix(rows: pooled.rows, columns: pooled.columns)
    let normalizationCache = normalization.forward(pooled.view, into: normalized.view, pass)
    let embeddings = output.forward(normalized.view, pass).transposed
    let cache = Cache(
      utterances: utterances, entry: entryCache, blocks: caches, aggregation: aggregationCache, pooled: pooled,
      normalization: normalizationCache, normalized: normalized)
    return (embeddings, cache)
  }

  package func backward(_ gradients: [Matrix], cache: Cache, _ pass: BackwardPass) {
    precondition(gradients.count == pass.objectives, "a gradient and a buffer for each objective")
    let utterances = cache.utterances
    let pooledGradient = output.backward(stack(gradients).view, input: cache.normalized.view, pass)
    pass.finished(output.weight.offset)
    normalization.backward(pooledGradient.view, input: cache.pooled.view, cache: cache.normalization, pass)
    let joined = aggregation.backward(pooledGradient, cache: cache.aggregation, utterances: utterances, pass)
    pass.finished(aggregation.offset)
    for index in blocks.indices.reversed() {
      let own = joined.rows(index * sizes.channels..<(index + 1) * sizes.channels)
      blocks[index].backward(own, cache: cache.blocks[index], utterances: utterances, pass)
      pass.finished(blocks[index].offset)
      if index == 0 {
        entry.backward(own, cache: cache.entry, utterances: utterances, into: nil, pass)
      } else {
        // The block before gave its output to this one and to the aggregation.
        let before = joined.rows((index - 1) * sizes.channels..<index * sizes.channels)
        inParallel(own.rows) { row in ck_add(before.row(row), own.row(row), before.row(row), own.columns) }
      }
    }
  }

  /// Gradients of embeddings side by side: dimensions × (objectives · utterances).
  private func stack(_ gradients: [Matrix]) -> Matrix {
    let utterances = gradients[0].rows
    let stacked = Matrix(rows: dimensions, columns: gradients.count * utterances)
    for (objective, gradient) in gradients.enumerated() {
      for utterance in 0..<utterances {
        for dimension in 0..<dimensions {
          stacked[dimension, objective * utterances + utterance] = gradient[utterance, dimension]
        }
      }
    }
    return stacked
  }
}
