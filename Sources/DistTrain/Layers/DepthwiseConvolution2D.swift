internal import CKernels

/// A convolution of each channel by itself, by a kernel of 3 × 3 without bias:
/// y[c, h, t] = Σ_{i,j} w[c, i, j] · x[c, h + i − 1, t + j − 1], where x is 0 beyond its ends.
///
/// Nine terms are too few for a product to be worth what it gathers. Each way is one pass over the map, in which the
/// lines that a kernel reads stay in the first-level cache, and the way back computes both gradients in the same pass.
package struct DepthwiseConvolution2D: Layer {
  package struct Cache: Sendable {
    let input: AffineView
    let grid: Grid
  }

  private let channels: Int
  package var inputs: Int { channels }
  package var outputs: Int { channels }
  let weight: Parameter

  /// The elements of a kernel, and the numbers that a kernel's way back gives: these elements' gradients and two sums.
  private static let (taps, numbers) = (9, 11)

  /// - Parameter name: the scope of `weight` [channels, 1, 3, 3].
  package init(_ name: String, channels: Int, layout: inout EncoderLayout) {
    self.channels = channels
    weight = layout.scope(name) {
      $0.parameter(
        "weight", shape: [channels, 1, 3, 3], initialisation: WeightStart.uniform.weight(inputs: Self.taps),
        decays: true)
    }
  }

  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    precondition(input.columns == grid.columns, "\(input.columns) columns of a map of \(grid.columns)")
    let weights = pass.matrix(weight)
    inParallel(channels) { channel in
      for utterance in 0..<grid.utterances {
        write(
          input, channel: channel, grid, utterance: utterance, lines: 0..<grid.height, weights: weights,
          to: memory.row(channel) + utterance * grid.height * grid.frames)
      }
    }
    return (AffineView(memory), Cache(input: input, grid: grid))
  }

  /// Writes the output of some lines of an utterance's map in a channel.
  /// - Parameter weights: the weights as a matrix, channels × 9.
  func write(
    _ input: AffineView, channel: Int, _ grid: Grid, utterance: Int, lines: Range<Int>, weights: MatrixView,
    to target: UnsafeMutablePointer<Float>
  ) {
    var map = input.channel(channel).from(utterance * grid.height * grid.frames)
    ck_depthwise(&map, weights.row(channel), grid.height, grid.frames, lines.lowerBound, lines.count, 0, target)
  }

  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    backward(gradient, cache: cache, into: inputGradient, adding: nil, pass)
  }

  /// Adds the gradient of the weights and writes that of the input.
  /// - Parameter residual: is added to the input's gradient, of the same shape, whose memory it may be.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, adding residual: MatrixView?,
    _ pass: BackwardPass
  ) {
    let centres = [Float](repeating: 0, count: channels)
    _ = backward(gradient, cache: cache, into: inputGradient, adding: residual, centres: centres, pass)
  }

  /// Adds the gradient of the weights and writes that of the input.
  /// - Parameters:
  ///   - inputGradient: takes the gradient of the input; it is other memory than that of `gradient`.
  ///   - residual: is added to the input's gradient, of the same shape, whose memory it may be.
  ///   - centres: the number m of each channel around which sums of the input's gradient take the input's values.
  /// - Returns: Σ dx and Σ dx·(v − m) for each unit, objective and channel, where dx is the input's gradient without
  ///   the residual's and v are the values that the input is a view of.
  func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, adding residual: MatrixView? = nil,
    centres: [Float], _ pass: BackwardPass
  ) -> [Double] {
    let (grid, input, weights) = (cache.grid, cache.input, pass.matrix(weight))
    let units = pass.units.ranges(of: grid.utterances)
    let rows = pass.objectives * channels
    let values = [Double](filling: units.count * rows * Self.numbers) { values in
      inParallel(rows) { row in
        let (objective, index) = row.quotientAndRemainder(dividingBy: channels)
        for (unit, utterances) in units.enumerated() {
          let own = utterances.lowerBound * grid.height * grid.frames
          let start = objective * grid.columns + own
          var channel = input.channel(index).from(own)
          ck_depthwise_backward(
            gradient.row(index) + start, &channel, weights.row(index), utterances.count, grid.height, grid.frames,
            centres[index], residual.map { UnsafePointer($0.row(index) + start) },
            inputGradient.map { $0.row(index) + start }, values.pointer + (unit * rows + row) * Self.numbers)
        }
      }
    }
    for objective in 0..<pass.objectives {
      pass.add(weight, objective: objective) { unit, element in
        let (channel, tap) = element.quotientAndRemainder(dividingBy: Self.taps)
        return Float(values[(unit * rows + objective * channels + channel) * Self.numbers + tap])
      }
    }
    return stride(from: Self.taps, to: values.count, by: Self.numbers).flatMap { values[$0..<$0 + 2] }
  }
}

extension ck_channel {
  /// The channel from an element on.
  func from(_ element: Int) -> ck_channel {
    ck_channel(x: x + element, z: z.map { $0 + element }, a: a, b: b, c: c, rectified: rectified)
  }
}

extension DepthwiseConvolution2D: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    graph.add("Conv", input, graph.trained(weight), attributes: ["group": .number(channels), "pads": [1, 1, 1, 1]])
  }
}
