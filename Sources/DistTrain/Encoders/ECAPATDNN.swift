internal import CKernels

/// ECAPA-TDNN (Desplanques, Thienpondt and Demuynck, "ECAPA-TDNN: Emphasized Channel Attention, Propagation and
/// Aggregation in TDNN Based Speaker Verification", Interspeech 2020) in wespeaker's layout, with its parameter names.
package struct ECAPATDNN: Encoder {
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
    /// The blocks' outputs, 3·channels × (utterances · frames).
    let joined: Matrix
    let pooling: AttentiveStatisticsPooling.Cache
    /// 2·aggregation × utterances.
    let pooled: Matrix
    let normalization: BatchNormalization.Cache
    let normalized: Matrix
  }

  package let layout: EncoderLayout
  package let sizes: Sizes
  private let entry: ConvolutionBlock
  private let blocks: [SERes2Block]
  private let aggregation: Convolution1D
  private let pooling: AttentiveStatisticsPooling
  private let normalization: BatchNormalization
  private let output: Linear

  package var bins: Int { sizes.bins }
  package var dimensions: Int { sizes.embedding }

  package init(_ sizes: Sizes) {
    self.sizes = sizes
    var layout = EncoderLayout()
    entry = ConvolutionBlock(
      convolution: "layer1.conv", normalization: "layer1.bn", inputs: sizes.bins, outputs: sizes.channels, kernel: 5,
      layout: &layout)
    blocks = [2, 3, 4].map { dilation in
      SERes2Block(
        "layer\(dilation)", channels: sizes.channels, scale: sizes.scale, kernel: 3, dilation: dilation,
        bottleneck: sizes.squeezeBottleneck, layout: &layout)
    }
    aggregation = Convolution1D(
      "conv", inputs: 3 * sizes.channels, outputs: sizes.aggregation, layout: &layout)
    pooling = AttentiveStatisticsPooling(
      "pool", channels: sizes.aggregation, bottleneck: sizes.attentionBottleneck, globalContext: sizes.globalContext,
      layout: &layout)
    normalization = BatchNormalization("bn", channels: 2 * sizes.aggregation, layout: &layout)
    output = Linear("linear", inputs: 2 * sizes.aggregation, outputs: sizes.embedding, layout: &layout)
    self.layout = layout
  }

  package func forward(_ features: Matrix, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache) {
    precondition(features.rows == bins, "\(bins) features a frame expected, not \(features.rows)")
    let (first, entryCache) = entry.forward(features.view, utterances: utterances, pass)
    let joined = Matrix(rows: blocks.count * sizes.channels, columns: features.columns)
    var caches: [SERes2Block.Cache] = []
    var current = first
    for (index, block) in blocks.enumerated() {
      let (next, cache) = block.forward(current.view, utterances: utterances, pass)
      joined.row(index * sizes.channels).update(from: next.pointer, count: next.count)
      caches.append(cache)
      current = next
    }
    let aggregated = Matrix(rows: sizes.aggregation, columns: features.columns)
    aggregation.forward(joined.view, utterances: utterances, into: aggregated.view, pass)
    let bias = aggregation.bias(pass)
    for channel in 0..<sizes.aggregation {
      ck_add_scalar_relu(aggregated.row(channel), aggregated.columns, bias[channel])
    }
    let (pooled, poolingCache) = pooling.forward(aggregated, utterances: utterances, pass)
    let normalized = Matrix(rows: pooled.rows, columns: pooled.columns)
    let normalizationCache = normalization.forward(pooled.view, into: normalized.view, pass)
    let embeddings = output.forward(normalized.view, pass).transposed
    let cache = Cache(
      utterances: utterances, entry: entryCache, blocks: caches, joined: joined, pooling: poolingCache,
      pooled: pooled, normalization: normalizationCache, normalized: normalized)
    return (embeddings, cache)
  }

  package func backward(_ gradients: [Matrix], cache: Cache, _ pass: BackwardPass) {
    precondition(gradients.count == pass.objectives, "a gradient and a buffer for each objective")
    let utterances = cache.utterances
    let pooledGradient = output.backward(stack(gradients).view, input: cache.normalized.view, pass)
    normalization.backward(pooledGradient.view, input: cache.pooled.view, cache: cache.normalization, pass)
    let aggregated = pooling.backwardThroughReLU(
      pooledGradient, cache: cache.pooling, utterances: utterances, pass)
    let joined = aggregationBackward(aggregated, cache: cache, pass)
    var current: Matrix?
    for index in blocks.indices.reversed() {
      // A block's output went to the next block and to the aggregation.
      let own = joined.rows(index * sizes.channels..<(index + 1) * sizes.channels)
      if let later = current { ck_add(own.pointer, later.pointer, own.pointer, later.count) }
      current = blocks[index].backward(own, cache: cache.blocks[index], utterances: utterances, pass)
    }
    if let current { entry.backward(current.view, cache: cache.entry, utterances: utterances, into: nil, pass) }
  }

  private func aggregationBackward(_ gradient: Matrix, cache: Cache, _ pass: BackwardPass) -> Matrix {
    let span = cache.joined.columns
    for objective in 0..<pass.objectives {
      for channel in 0..<sizes.aggregation {
        let sum = ck_sum(gradient.row(channel) + objective * span, span)
        aggregation.addBiasGradient(sum, channel: channel, objective: objective, pass)
      }
    }
    let joined = Matrix(rows: cache.joined.rows, columns: gradient.columns)
    aggregation.backward(
      gradient.view, input: cache.joined.view, utterances: cache.utterances, into: joined.view, pass)
    return joined
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
