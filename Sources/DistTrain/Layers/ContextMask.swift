internal import CKernels

/// CAM++'s context-aware masking (Wang et al. 2023, section 2.3): a convolution over time whose outputs are scaled by
/// gates that depend on the context of the frame, m = sigmoid(W₂·relu(W₁·context(x) + b₁) + b₂), y = m ∘ (W * x).
package struct ContextMask: Layer {
  package struct Cache {
    let local: Convolution2D.Cache
    let pooling: ContextPooling.Cache
    let contexts: Linear.Cache
    /// The hidden activations after the ReLU, bottleneck × pieces of all lines.
    let hidden: Matrix
    /// The gates, outputs × pieces of all lines.
    let gates: Matrix
    /// The output, outputs × columns.
    let output: MatrixView
  }

  private let local: Convolution2D
  private let pooling: ContextPooling
  private let squeeze: Linear
  private let excite: Linear
  package var inputs: Int { local.inputs }
  package var outputs: Int { local.outputs }

  /// A mask with wespeaker's parameter names.
  /// - Parameters:
  ///   - name: the scope of `linear_local`, `linear1` and `linear2`.
  ///   - dilation: the frames from one of the kernel's three frames to the next.
  ///   - piece: the number of frames of a piece that has a context.
  package init(_ name: String, inputs: Int, outputs: Int, dilation: Int, piece: Int = 100, layout: inout EncoderLayout)
  {
    (local, squeeze, excite) = layout.scope(name) { layout in
      (
        Convolution2D(
          overTime: "linear_local", inputs: inputs, outputs: outputs, kernel: 3, dilation: dilation, start: .normal,
          layout: &layout),
        Linear("linear1", inputs: inputs, outputs: inputs / 2, kernel: true, start: .normal, layout: &layout),
        Linear("linear2", inputs: inputs / 2, outputs: outputs, kernel: true, start: .normal, layout: &layout)
      )
    }
    pooling = ContextPooling(channels: inputs, length: piece)
  }

  /// Computes the output.
  /// - Parameter input: a view of one matrix.
  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let (_, localCache) = local.forward(input, grid, into: memory, pass)
    let (contexts, poolingCache) = pooling.forward(input, grid, pass)
    let pooled = pooling.outputGrid(grid)
    let hidden = Matrix(rows: squeeze.outputs, columns: pooled.columns)
    let (_, squeezeCache) = squeeze.forward(contexts, pooled, into: hidden.view, pass)
    inParallel(hidden.rows) { ck_add_scalar_relu(hidden.row($0), hidden.columns, 0) }
    let gates = Matrix(rows: outputs, columns: pooled.columns)
    _ = excite.forward(AffineView(hidden.view), pooled, into: gates.view, pass)
    ck_sigmoid(gates.pointer, gates.count)
    let pieces = pooling.pieces(grid)
    inParallel(outputs) { channel in
      for column in 0..<gates.columns {
        let (line, piece) = column.quotientAndRemainder(dividingBy: pieces.count)
        let values = memory.row(channel) + line * grid.frames + pieces[piece].lowerBound
        ck_affine(values, values, pieces[piece].count, gates[channel, column], 0)
      }
    }
    return (
      AffineView(memory),
      Cache(
        local: localCache, pooling: poolingCache, contexts: squeezeCache, hidden: hidden, gates: gates, output: memory)
    )
  }

  package func backward(_ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass) {
    let columns = cache.gates.columns
    let gateGradient = backwardThroughGates(gradient, cache, pass)
    let hiddenGradient = Matrix(rows: squeeze.outputs, columns: pass.objectives * columns)
    excite.backward(gateGradient.view, cache: cache.hidden.view, into: hiddenGradient.view, pass)
    inParallel(hiddenGradient.rows) { row in
      for start in stride(from: 0, to: hiddenGradient.columns, by: columns) {
        ck_relu_backward(hiddenGradient.row(row) + start, cache.hidden.row(row), columns)
      }
    }
    let contextGradient = Matrix(rows: inputs, columns: pass.objectives * columns)
    squeeze.backward(hiddenGradient.view, cache: cache.contexts, into: contextGradient.view, pass)
    local.backward(gradient, cache: cache.local, into: inputGradient, pass)
    if let inputGradient { pooling.add(contextGradient.view, cache.pooling, to: inputGradient) }
  }

  /// Turns the output's gradient into that of the convolution, in place, and returns that of what the sigmoid reads,
  /// outputs × (objectives · pieces of all lines). With y = m·z and dm = m·(1 − m), it is (1 − m)·Σ dy·y, so that z
  /// need not be kept.
  private func backwardThroughGates(_ gradient: MatrixView, _ cache: Cache, _ pass: BackwardPass) -> Matrix {
    let grid = cache.pooling
    let pieces = pooling.pieces(grid)
    let gates = cache.gates
    let result = Matrix(rows: outputs, columns: pass.objectives * gates.columns)
    inParallel(outputs) { channel in
      for column in 0..<result.columns {
        let (line, index) = column.quotientAndRemainder(dividingBy: pieces.count)
        let piece = pieces[index]
        let own = gradient.row(channel) + line * grid.frames + piece.lowerBound
        let values = cache.output.row(channel) + line % grid.lines * grid.frames + piece.lowerBound
        let gate = gates[channel, column % gates.columns]
        result[channel, column] = (1 - gate) * Float(ck_dot(own, values, piece.count))
        ck_affine(own, own, piece.count, gate, 0)
      }
    }
    return result
  }
}

extension ContextMask {
  /// Adds the pieces that the contexts of a value over frames are of.
  func describePieces(of input: EncoderGraph.Value, in graph: inout EncoderGraph) -> ContextPooling.GraphPieces {
    pooling.describePieces(of: input, in: &graph)
  }

  func describe(
    _ input: EncoderGraph.Value, pieces: ContextPooling.GraphPieces, in graph: inout EncoderGraph
  ) -> EncoderGraph.Value {
    let contexts = pooling.describe(input, pieces: pieces, in: &graph)
    let hidden = graph.add("Relu", squeeze.describe(ofFrames: contexts, in: &graph))
    let gates = graph.add("Sigmoid", excite.describe(ofFrames: hidden, in: &graph))
    let ofFrames = graph.add("Gather", gates, pieces.indices, attributes: ["axis": 2])
    return graph.add("Mul", local.describe(input, in: &graph), ofFrames)
  }
}
