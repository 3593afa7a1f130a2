/// CAM++'s dense layer (Wang et al. 2023, section 2.1; after Yu and Li 2020, "Densely connected time delay neural
/// network"): two pre-activated convolutions, of one frame to a bottleneck and of three frames to a few new channels,
/// the second with context-aware masking. The new channels then stand beside those that the layer read.
struct MaskedDenseLayer: Sendable {
  struct Cache {
    let narrow: PreactivatedConvolution.Cache
    /// The normalised output of the first convolution, as a view of it.
    let hidden: AffineView
    let statistics: BatchNormalization.Statistics
    let mask: ContextMask.Cache
  }

  private let narrow: PreactivatedConvolution
  private let normalization: BatchNormalization
  private let mask: ContextMask
  var inputs: Int { narrow.inputs }
  var outputs: Int { mask.outputs }

  /// A layer with wespeaker's parameter names (`models/campplus.py`).
  /// - Parameters:
  ///   - name: the scope of `nonlinear1`, `linear1`, `nonlinear2` and `cam_layer`.
  ///   - outputs: the number of new channels.
  ///   - bottleneck: the number of channels between the convolutions.
  init(
    _ name: String, inputs: Int, outputs: Int, bottleneck: Int, dilation: Int, layout: inout EncoderLayout
  ) {
    (narrow, normalization, mask) = layout.scope(name) { layout in
      (
        PreactivatedConvolution(
          normalization: "nonlinear1.batchnorm", convolution: "linear1", inputs: inputs, outputs: bottleneck,
          layout: &layout),
        BatchNormalization("nonlinear2.batchnorm", channels: bottleneck, layout: &layout),
        ContextMask("cam_layer", inputs: bottleneck, outputs: outputs, dilation: dilation, layout: &layout)
      )
    }
  }

  /// Whether the channels before are normalised by the batch's moments.
  func takesBatchStatistics(_ pass: ForwardPass) -> Bool { narrow.normalization.takesBatchStatistics(pass) }

  /// Computes the new channels.
  /// - Parameters:
  ///   - input: the channels before, inputs × the grid's columns.
  ///   - moments: the batch's moments of these channels; nil normalises by running statistics.
  ///   - memory: takes the new channels, outputs × the grid's columns.
  func forward(
    _ input: MatrixView, _ moments: BatchMoments?, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> Cache {
    let product = Matrix(rows: narrow.outputs, columns: grid.columns)
    let narrowCache = narrow.forward(input, moments, grid, into: product.view, pass)
    let (hidden, statistics) = normalization.view(product.view, pass)
    let (_, maskCache) = mask.forward(hidden.rectified, grid, into: memory, pass)
    return Cache(narrow: narrowCache, hidden: hidden, statistics: statistics, mask: maskCache)
  }

  /// Adds the gradients of the parameters, and to that of the channels before what reaches them while the batch's
  /// moments are held fixed.
  /// - Parameters:
  ///   - gradient: the gradient of the new channels, outputs × (objectives · columns), which is overwritten.
  ///   - channels: the gradient of the channels before, inputs × (objectives · columns).
  func backward(_ gradient: MatrixView, cache: Cache, addingTo channels: MatrixView, _ pass: BackwardPass) {
    let hidden = Matrix(rows: narrow.outputs, columns: gradient.columns)
    mask.backward(gradient, cache: cache.mask, into: hidden.view, pass)
    normalization.backwardBehindReLU(hidden.view, view: cache.hidden, cache.statistics, pass)
    narrow.backward(hidden.view, cache: cache.narrow, addingTo: channels, pass)
  }
}

extension MaskedDenseLayer {
  /// Adds the pieces of the frames that the layer reads.
  func describePieces(of input: EncoderGraph.Value, in graph: inout EncoderGraph) -> ContextPooling.GraphPieces {
    mask.describePieces(of: input, in: &graph)
  }

  /// Adds the new channels.
  func describe(
    _ input: EncoderGraph.Value, pieces: ContextPooling.GraphPieces, in graph: inout EncoderGraph
  ) -> EncoderGraph.Value {
    let normalized = normalization.describe(narrow.describe(input, in: &graph), in: &graph)
    return mask.describe(graph.add("Relu", normalized), pieces: pieces, in: &graph)
  }
}
