internal import CKernels

/// ResNet's block, max(f(x) + s(x), 0), where f is a path of normalised convolutions with ReLUs between them and the
/// shortcut s is x itself, or a normalised convolution of one element where the shape changes (He, Zhang, Ren and Sun
/// 2016, figure 5, section 3.3). With a gate, f ends with a `SimAMGate`.
package struct ResidualBlock: Layer {
  /// The path of a block of `channels` channels.
  package enum Form: Sendable {
    /// Two kernels of 3 × 3.
    case basic
    /// One element, 3 × 3, and one element to four times the channels. The stride is that of the middle kernel.
    case bottleneck

    /// The channels of the output for each of the block.
    package var expansion: Int { self == .basic ? 1 : 4 }
  }

  package struct Cache {
    /// The caches of the path's convolutions, without the last one's in a pass that keeps none.
    let path: [NormalizedConvolution2D.Cache]
    let shortcut: NormalizedConvolution2D.Cache?
    let gate: SimAMGate.Cache?
    /// The output of the last ReLU, outputs × columns.
    let output: MatrixView
    /// The grid of the input.
    package let grid: Grid
  }

  private let path: [NormalizedConvolution2D]
  private let shortcut: NormalizedConvolution2D?
  private let gate: SimAMGate?
  package let inputs: Int
  package let outputs: Int
  /// Whether the output has the input's shape, so that gradients may take the same memory.
  package var keepsShape: Bool { shortcut == nil }

  /// A block with wespeaker's parameter names (`models/resnet.py`).
  /// - Parameters:
  ///   - name: the scope of `conv1`, `bn1` … and of the shortcut's `0` and `1`.
  ///   - channels: the channels of the kernels of 3 × 3.
  ///   - gated: whether a gate ends the path. The shortcut's scope is then `downsample` (`models/samresnet.py`), and
  ///     `shortcut` otherwise.
  package init(
    _ name: String, form: Form, inputs: Int, channels: Int, stride: MapStride = MapStride(), gated: Bool = false,
    layout: inout EncoderLayout
  ) {
    let outputs = channels * form.expansion
    gate = gated ? SimAMGate(channels: outputs) : nil
    self.inputs = inputs
    self.outputs = outputs
    let steps: [(inputs: Int, outputs: Int, kernel: Int, stride: MapStride)] =
      switch form {
      case .basic: [(inputs, channels, 3, stride), (channels, channels, 3, MapStride())]
      case .bottleneck:
        [
          (inputs, channels, 1, MapStride()), (channels, channels, 3, stride), (channels, outputs, 1, MapStride()),
        ]
      }
    (path, shortcut) = layout.scope(name) { layout in
      let path = steps.enumerated().map { index, step in
        NormalizedConvolution2D(
          convolution: "conv\(index + 1)", normalization: "bn\(index + 1)", inputs: step.inputs,
          outputs: step.outputs, kernel: step.kernel, stride: step.stride, layout: &layout)
      }
      if inputs == outputs && stride == MapStride() { return (path, nil) }
      let around = gated ? "downsample" : "shortcut"
      let shortcut = NormalizedConvolution2D(
        convolution: "\(around).0", normalization: "\(around).1", inputs: inputs, outputs: outputs, kernel: 1,
        stride: stride, layout: &layout)
      return (path, shortcut)
    }
  }

  package func outputGrid(_ grid: Grid) -> Grid { path.reduce(grid) { $1.convolution.outputGrid($0) } }

  /// Computes the output.
  /// - Parameter input: a view of one matrix, scaled and shifted at the most.
  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    var caches: [NormalizedConvolution2D.Cache] = []
    var (current, currentGrid) = (input, grid)
    for step in path.dropLast() {
      let cache = step.forward(current, currentGrid, pass)
      caches.append(cache)
      (current, currentGrid) = (cache.output.rectified, step.convolution.outputGrid(currentGrid))
    }
    let around = shortcut?.forward(input, grid, pass)
    let last = path[path.count - 1]
    var gateCache: SimAMGate.Cache?
    if gate == nil && last.isWrittenOnce(pass) {
      last.writeRectified(current, currentGrid, with: around?.output ?? input, into: memory, pass)
    } else {
      let cache = last.forward(current, currentGrid, pass)
      caches.append(cache)
      let gated = gate?.forward(cache.output, last.convolution.outputGrid(currentGrid), into: memory, pass)
      gateCache = gated?.cache
      ((gated?.output ?? cache.output) + (around?.output ?? input)).rectified.write(to: memory)
    }
    return (
      AffineView(memory),
      Cache(path: caches, shortcut: around, gate: gateCache, output: memory, grid: grid)
    )
  }

  /// Adds the gradients of the parameters and writes that of the input, which may use the memory of `gradient` if the
  /// block keeps its shape.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let last = path.count - 1
    var current = Matrix(rows: outputs, columns: gradient.columns)
    backwardThroughSum(gradient, cache: cache, into: current.view, pass)
    backwardAround(gradient, cache: cache, into: inputGradient, pass)
    for index in path.indices.reversed() {
      let own = cache.path[index]
      // The input of the path also goes round it.
      let before =
        index == 0
        ? nil : Matrix(rows: path[index].convolution.inputs, columns: pass.objectives * own.convolution.grid.columns)
      let target = before?.view ?? inputGradient
      if index == last {
        path[index].convolution.backward(
          current.view, cache: own.convolution, into: target, adding: index == 0, pass)
      } else {
        path[index].backwardBehindReLU(current.view, cache: own, into: target, adding: index == 0, pass)
      }
      if let before { current = before }
    }
  }

  /// Takes the gradient back through the last ReLU, in place, and from there through gate and normalisation to the
  /// product of the path's last convolution.
  private func backwardThroughSum(
    _ gradient: MatrixView, cache: Cache, into productGradient: MatrixView, _ pass: BackwardPass
  ) {
    let (normalization, own) = (path[path.count - 1].normalization, cache.path[path.count - 1])
    guard let gate, let gateCache = cache.gate else {
      normalization.backwardBehindReLU(
        gradient, rectified: cache.output, input: own.output.values, own.statistics, into: productGradient, pass)
      return
    }
    let (output, span, objectives) = (cache.output, cache.output.columns, pass.objectives)
    inParallel(outputs) { row in
      for objective in 0..<objectives {
        ck_relu_backward(gradient.row(row) + objective * span, output.row(row), span)
      }
    }
    gate.backward(gradient, cache: gateCache, into: productGradient, pass)
    normalization.backward(
      productGradient, cache: .init(input: own.output.values, statistics: own.statistics), into: productGradient, pass)
  }

  /// Writes what reaches the input by the shortcut, from the gradient before the last ReLU.
  private func backwardAround(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    if let shortcut, let own = cache.shortcut {
      shortcut.backward(gradient, cache: own, into: inputGradient, pass)
    } else if let inputGradient {
      gradient.copy(to: inputGradient)
    }
  }
}

extension ResidualBlock: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    var current = input
    for step in path.dropLast() { current = step.describeRectified(current, in: &graph) }
    current = path[path.count - 1].describe(current, in: &graph)
    if let gate { current = gate.describe(current, in: &graph) }
    let around = shortcut?.describe(input, in: &graph) ?? input
    return graph.add("Relu", graph.add("Add", current, around))
  }
}
