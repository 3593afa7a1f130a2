internal import CKernels

/// A convolution over frames of each channel by itself: y[c, t] = b[c] + Σ_j w[c, j] · x[c, t + j − (k−1)/2], where x
/// is 0 beyond the ends of a line. Each line of the grid stands by itself.
package struct DepthwiseConvolution1D: Layer {
  package struct Cache: Sendable {
    /// The input, channels × columns.
    let input: MatrixView
    let grid: Grid
  }

  package let channels: Int
  package var inputs: Int { channels }
  package var outputs: Int { channels }
  /// The number of frames of a kernel, which is odd.
  package let kernel: Int
  let weight: Parameter
  let bias: Parameter

  /// - Parameters:
  ///   - name: the scope of `weight` [channels, 1, kernel] and `bias` [channels].
  ///   - kernel: the number of frames of a kernel, odd and at most 63.
  package init(_ name: String, channels: Int, kernel: Int, layout: inout EncoderLayout) {
    precondition(kernel % 2 == 1 && kernel <= 63, "a kernel has a middle and at most 63 frames, not \(kernel)")
    self.channels = channels
    self.kernel = kernel
    (weight, bias) = layout.kernels(name, shape: [channels, 1, kernel])
  }

  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let input = input.plain
    let (weights, biases) = (pass.vector(weight), pass.vector(bias))
    inParallel(channels) { channel in
      for line in 0..<grid.lines {
        let start = line * grid.frames
        ck_depthwise_row(
          input.row(channel) + start, memory.row(channel) + start, grid.frames, weights.pointer + channel * kernel,
          kernel, 0, biases[channel], 0)
      }
    }
    return (AffineView(memory), Cache(input: input, grid: grid))
  }

  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    backward(gradient, cache: cache, into: inputGradient, adding: false, pass)
  }

  /// Adds the gradients of weights and biases and writes that of the input.
  /// - Parameter adding: whether the input's gradient is added to the values in its memory.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, adding: Bool, _ pass: BackwardPass
  ) {
    addWeightGradients(gradient, cache: cache, pass)
    UnitSums(ofRows: gradient, pass).add(to: bias, pass)
    guard let inputGradient else { return }
    let (weights, frames) = (pass.vector(weight), cache.grid.frames)
    let lines = pass.objectives * cache.grid.lines
    inParallel(channels) { channel in
      for line in 0..<lines {
        let start = line * frames
        ck_depthwise_row(
          gradient.row(channel) + start, inputGradient.row(channel) + start, frames,
          weights.pointer + channel * kernel, kernel, 1, 0, adding ? 1 : 0)
      }
    }
  }

  private func addWeightGradients(_ gradient: MatrixView, cache: Cache, _ pass: BackwardPass) {
    let (grid, input) = (cache.grid, cache.input)
    let units = pass.units.ranges(of: grid.lines)
    let count = channels * kernel
    let sums = [Double](filling: pass.objectives * units.count * count) { sums in
      inParallel(pass.objectives * channels) { row in
        let (objective, channel) = row.quotientAndRemainder(dividingBy: channels)
        for (unit, lines) in units.enumerated() {
          let own = sums.pointer + (objective * units.count + unit) * count + channel * kernel
          for line in lines {
            let start = line * grid.frames
            ck_depthwise_row_gradient(
              gradient.row(channel) + objective * grid.columns + start, input.row(channel) + start, grid.frames, kernel,
              own)
          }
        }
      }
    }
    for objective in 0..<pass.objectives {
      pass.add(weight, objective: objective) { Float(sums[(objective * units.count + $0) * count + $1]) }
    }
  }
}

extension DepthwiseConvolution1D: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let reach = (kernel - 1) / 2
    return graph.add(
      "Conv", input, graph.trained(weight), graph.trained(bias),
      attributes: ["group": .number(channels), "pads": .numbers([reach, reach])])
  }
}
