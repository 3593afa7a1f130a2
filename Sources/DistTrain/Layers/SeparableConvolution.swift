/// A convolution of each channel by itself, and one over the channels of one element, with bias.
///
/// The first one's output is computed panel by panel, and multiplied while it is in the second-level cache. It is not
/// stored: the way back computes it again, by nine products for each element, which takes less time than to write and
/// read it.
struct SeparableConvolution: Sendable {
  /// The input and its grid.
  typealias Cache = DepthwiseConvolution2D.Cache

  private let depthwise: DepthwiseConvolution2D
  private let pointwise: Convolution1D
  var channels: Int { depthwise.inputs }

  /// - Parameter name: the scope of the convolution of single channels, and with `pw` behind it of that over channels.
  init(_ name: String, channels: Int, layout: inout EncoderLayout) {
    depthwise = DepthwiseConvolution2D(name, channels: channels, layout: &layout)
    pointwise = Convolution1D(ofMaps: name + "pw", inputs: channels, outputs: channels, layout: &layout)
  }

  /// Neighbouring lines of an utterance's map.
  private struct Panel: Sendable {
    let utterance: Int
    let lines: Range<Int>
    /// The columns of the lines.
    let columns: Range<Int>
  }

  /// The most elements of a panel, half a megabyte, but for panels of one line.
  private static let capacity = 1 << 17

  /// The panels of some utterances, whose cut depends on the shape of a map and on the number of channels alone.
  private func panels(of utterances: Range<Int>, _ grid: Grid) -> [Panel] {
    let height = grid.height
    let most = max(1, Self.capacity / max(1, channels * grid.frames))
    let parts = (height + most - 1) / most
    return utterances.flatMap { utterance in
      (0..<parts).map { part in
        let lines = part * height / parts..<(part + 1) * height / parts
        let start = (utterance * height + lines.lowerBound) * grid.frames
        return Panel(utterance: utterance, lines: lines, columns: start..<start + lines.count * grid.frames)
      }
    }
  }

  /// Writes the output of the convolution of single channels in a panel, for some channels.
  private func write(
    _ panel: Panel, channels: Range<Int>, _ input: AffineView, _ grid: Grid, weights: MatrixView, to target: MatrixView
  ) {
    for (row, channel) in channels.enumerated() {
      depthwise.write(
        input, channel: channel, grid, utterance: panel.utterance, lines: panel.lines, weights: weights,
        to: target.row(row))
    }
  }

  /// Computes the product without the bias, which the caller adds in a pass that it makes anyway.
  /// - Parameters:
  ///   - input: the input, channels × the grid's columns.
  ///   - memory: takes the product, of the same shape.
  /// - Returns: the number to be added to each row of the output, and the cache.
  func product(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (biases: [Float], cache: Cache) {
    precondition(input.columns == grid.columns, "\(input.columns) columns of a map of \(grid.columns)")
    let panels = panels(of: 0..<grid.utterances, grid)
    let kernels = pass.matrix(depthwise.weight)
    let (weights, biases) = (pass.factor(pointwise.weight), pass.vector(pointwise.bias))
    let precision = pass.precision
    ThreadTeam.shared.run(panels.count) { index in
      let panel = panels[index]
      let inner = Matrix(rows: channels, columns: panel.columns.count).view
      write(panel, channels: 0..<channels, input, grid, weights: kernels, to: inner)
      multiply(weights, inner, into: memory.columns(panel.columns), precision: precision)
    }
    return ((0..<channels).map { biases[$0] }, Cache(input: input, grid: grid))
  }

  /// Adds the gradients of the parameters and writes that of the input.
  /// - Parameters:
  ///   - gradient: the gradient of the product, channels × (objectives · columns).
  ///   - sums: the sums of the rows of `gradient`.
  ///   - inner: takes the gradient between the two convolutions, of the same shape.
  ///   - inputGradient: takes the gradient of the input, of the same shape, whose memory may be that of `gradient`.
  ///   - residual: is added to the input's gradient, of the same shape, whose memory it may be.
  ///   - centres: the number of each channel around which sums of the input's gradient take the input's values; nil
  ///     stands for zeros.
  /// - Returns: the sums of the input's gradient, as `DepthwiseConvolution2D` gives them.
  @discardableResult
  func backward(
    _ gradient: MatrixView, sums: UnitSums, cache: Cache, through inner: MatrixView, into inputGradient: MatrixView?,
    adding residual: MatrixView? = nil, centres: [Float]? = nil, _ pass: BackwardPass
  ) -> [Double] {
    sums.add(to: pointwise.bias, pass)
    products(gradient, cache, pass).add(to: pointwise.weight, pass)
    multiply(transposed: pass.matrix(pointwise.weight), gradient, into: inner, precision: pass.precision)
    return depthwise.backward(
      inner, cache: cache, into: inputGradient, adding: residual,
      centres: centres ?? [Float](repeating: 0, count: channels), pass)
  }

  /// The most channels whose output is computed again at a time, so that there is work for all threads.
  private static let sliceWidth = 32

  /// The products of a gradient with the output of the convolution of single channels, for each unit.
  private func products(_ gradient: MatrixView, _ cache: Cache, _ pass: BackwardPass) -> WeightSums {
    let (input, grid, precision) = (cache.input, cache.grid, pass.precision)
    let gradient = OutputGradient(
      gradient, columns: grid.columns, objectives: pass.objectives, units: pass.units.ranges(of: grid.utterances))
    let kernels = pass.matrix(depthwise.weight)
    let slices = stride(from: 0, to: channels, by: Self.sliceWidth).map { $0..<min($0 + Self.sliceWidth, channels) }
    return gradient.sums(slices: slices, nodes: pass.units.nodes) { slice, utterances, target in
      for (index, panel) in panels(of: utterances, grid).enumerated() {
        let inner = Matrix(rows: slices[slice].count, columns: panel.columns.count).view
        write(panel, channels: slices[slice], input, grid, weights: kernels, to: inner)
        gradient.writeProducts(of: panel.columns, with: inner, to: target, adding: index > 0, precision: precision)
      }
    }
  }
}

extension SeparableConvolution {
  func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    pointwise.describe(depthwise.describe(input, in: &graph), in: &graph)
  }
}
