internal import CKernels

/// A block of dense layers, each of which reads the channels of all before it, and a transition that halves the
/// channels (Huang et al. 2017, "Densely connected convolutional networks"; Wang et al. 2023, section 2.1).
///
/// All channels lie in one matrix, to which each layer adds its own rows below those that it read. Nothing is copied
/// where channels are joined, and every channel's moments are taken once, however many layers normalise it.
package struct DenseBlock: Sendable {
  package struct Cache {
    /// The channels of the input and of all layers, channels × columns.
    let features: MatrixView
    /// The batch's moments of all channels; nil if all were normalised by running statistics.
    let moments: BatchMoments?
    let layers: [MaskedDenseLayer.Cache]
    let transition: PreactivatedConvolution.Cache

    /// Whether some of the normalisations went by the batch's moments and others by running statistics.
    var isMixed: Bool {
      moments != nil && (transition.statistics.isRunning || layers.contains { $0.narrow.statistics.isRunning })
    }
  }

  private let layers: [MaskedDenseLayer]
  private let transition: PreactivatedConvolution
  package let inputs: Int
  /// The number of channels of the input and of all layers.
  package var channels: Int { transition.inputs }
  package var outputs: Int { transition.outputs }

  /// A block with wespeaker's parameter names (`models/campplus.py`).
  /// - Parameters:
  ///   - name: the scope of the layers `tdnnd1`, `tdnnd2` ….
  ///   - transition: the scope of the transition's `nonlinear` and `linear`.
  ///   - growth: the number of channels that a layer adds.
  ///   - bottleneck: the number of channels within a layer.
  package init(
    _ name: String, transition: String, layers count: Int, inputs: Int, growth: Int, bottleneck: Int, dilation: Int,
    layout: inout EncoderLayout
  ) {
    self.inputs = inputs
    layers = layout.scope(name) { layout in
      (0..<count).map {
        MaskedDenseLayer(
          "tdnnd\($0 + 1)", inputs: inputs + $0 * growth, outputs: growth, bottleneck: bottleneck, dilation: dilation,
          layout: &layout)
      }
    }
    let channels = inputs + count * growth
    self.transition = layout.scope(transition) { layout in
      PreactivatedConvolution(
        normalization: "nonlinear.batchnorm", convolution: "linear", inputs: channels, outputs: channels / 2,
        layout: &layout)
    }
  }

  /// Computes the output.
  /// - Parameters:
  ///   - features: memory for all channels, channels × the grid's columns, whose first rows are the input.
  ///   - memory: takes the output, outputs × the grid's columns.
  /// - Returns: the cache, or nil if no way back follows.
  package func forward(_ features: MatrixView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass) -> Cache? {
    let takesMoments =
      transition.normalization.takesBatchStatistics(pass) || layers.contains { $0.takesBatchStatistics(pass) }
    var moments = takesMoments ? BatchMoments(of: features.rows(0..<inputs), pass) : nil
    var caches: [MaskedDenseLayer.Cache] = []
    for layer in layers {
      let own = features.rows(layer.inputs..<layer.inputs + layer.outputs)
      let cache = layer.forward(features.rows(0..<layer.inputs), moments, grid, into: own, pass)
      if pass.keepsCaches { caches.append(cache) }
      moments?.append(BatchMoments(of: own, pass))
    }
    let cache = transition.forward(features, moments, grid, into: memory, pass)
    return pass.keepsCaches ? Cache(features: features, moments: moments, layers: caches, transition: cache) : nil
  }

  /// Adds the gradients of the parameters and returns that of the input, inputs × (objectives · columns).
  /// - Parameter gradient: the gradient of the output, outputs × (objectives · columns).
  package func backward(_ gradient: MatrixView, cache: Cache, _ pass: BackwardPass) -> MatrixView {
    let sums = noGradient(columns: gradient.columns)
    // What reaches the channels through running statistics does not go through the batch's moments.
    let past = cache.isMixed ? noGradient(columns: gradient.columns) : sums
    func target(_ reader: PreactivatedConvolution.Cache) -> Matrix { reader.statistics.isRunning ? past : sums }
    transition.backward(gradient, cache: cache.transition, addingTo: target(cache.transition).view, pass)
    for (layer, own) in zip(layers, cache.layers).reversed() {
      let channels = layer.inputs..<layer.inputs + layer.outputs
      complete(channels, sums, past: past, cache, pass)
      layer.backward(
        sums.rows(channels), cache: own, addingTo: target(own.narrow).rows(0..<layer.inputs), pass)
    }
    complete(0..<inputs, sums, past: past, cache, pass)
    return sums.rows(0..<inputs)
  }

  private func noGradient(columns: Int) -> Matrix {
    let sums = Matrix(rows: channels, columns: columns)
    inParallel(channels) { sums.row($0).update(repeating: 0, count: columns) }
    return sums
  }

  /// Completes the gradient of channels that every layer which reads them has added to.
  /// - Parameter past: what goes on past the batch's moments; the same matrix as `sums` where there is nothing to add.
  private func complete(
    _ channels: Range<Int>, _ sums: Matrix, past: Matrix, _ cache: Cache, _ pass: BackwardPass
  ) {
    cache.moments?[channels].passOn(sums.rows(channels), input: cache.features.rows(channels), pass)
    guard cache.isMixed else { return }
    inParallel(channels.count) { index in
      let row = sums.row(channels.lowerBound + index)
      ck_combine(row, past.row(channels.lowerBound + index), row, sums.columns, 1, 1)
    }
  }
}

extension DenseBlock {
  /// Adds the block of values over frames.
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let pieces = layers[0].describePieces(of: input, in: &graph)
    let features = layers.reduce(input) { before, layer in
      let new = layer.describe(before, pieces: pieces, in: &graph)
      return graph.add("Concat", before, new, attributes: ["axis": 1])
    }
    return transition.describe(features, in: &graph)
  }
}
