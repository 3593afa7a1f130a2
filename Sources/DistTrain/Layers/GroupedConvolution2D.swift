internal import CKernels

/// A convolution by a kernel of 3 × 3 with bias, in groups of channels: y[o, h, t] = b[o] + Σ_{c,i,j} w[o, c, i, j] ·
/// x[c, h + i − 1, t + j − 1], where c runs over the channels of the group that o is in and x is 0 beyond its ends.
///
/// It is a sum of convolutions of single channels, as `DepthwiseConvolution2D` computes them: for groups of a few
/// channels, products would be too small to be worth what they gather.
package struct GroupedConvolution2D: Layer {
  package typealias Cache = DepthwiseConvolution2D.Cache

  package let inputs: Int
  package let outputs: Int
  private let groups: Int
  let weight: Parameter
  let bias: Parameter

  /// The elements of a kernel, and the numbers that a kernel's way back gives.
  private static let (taps, numbers) = (9, 11)

  /// - Parameters:
  ///   - name: the scope of `weight` [outputs, inputs / groups, 3, 3] and `bias` [outputs].
  ///   - groups: the number of groups into which neighbouring inputs, and neighbouring outputs, are divided.
  package init(_ name: String, inputs: Int, outputs: Int, groups: Int, layout: inout EncoderLayout) {
    precondition(inputs % groups == 0 && outputs % groups == 0, "groups of equal size")
    self.inputs = inputs
    self.outputs = outputs
    self.groups = groups
    (weight, bias) = layout.kernels(name, shape: [outputs, inputs / groups, 3, 3])
  }

  private var inputsOfGroup: Int { inputs / groups }
  private var outputsOfGroup: Int { outputs / groups }

  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    precondition(input.columns == grid.columns, "\(input.columns) columns of a map of \(grid.columns)")
    let (weights, biases) = (pass.matrix(weight), pass.vector(bias))
    let size = grid.height * grid.frames
    inParallel(outputs) { output in
      let first = output / outputsOfGroup * inputsOfGroup
      let target = memory.row(output)
      target.update(repeating: biases[output], count: grid.columns)
      // An utterance's maps of a group stay in the second-level cache for the group's next output.
      for utterance in 0..<grid.utterances {
        for index in 0..<inputsOfGroup {
          var map = input.channel(first + index).from(utterance * size)
          ck_depthwise(
            &map, weights.row(output) + index * Self.taps, grid.height, grid.frames, 0, grid.height, 1,
            target + utterance * size)
        }
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
  /// - Parameters:
  ///   - inputGradient: takes the gradient of the input; it is other memory than that of `gradient`.
  ///   - adding: whether the input's gradient is added to the values in its memory.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, adding: Bool, _ pass: BackwardPass
  ) {
    UnitSums(ofRows: gradient, pass).add(to: bias, pass)
    let units = pass.units.ranges(of: cache.grid.utterances)
    let (objectives, weights) = (pass.objectives, pass.matrix(weight))
    let size = weight.count / Self.taps * Self.numbers
    let values = [Double](filling: units.count * objectives * size) { values in
      inParallel(objectives * inputs) { row in
        let (objective, channel) = row.quotientAndRemainder(dividingBy: inputs)
        for (unit, utterances) in units.enumerated() {
          passBack(
            gradient, cache, weights, objective: objective, channel: channel, utterances, into: inputGradient,
            adding: adding, SharedMemory(values.pointer + (unit * objectives + objective) * size))
        }
      }
    }
    for objective in 0..<objectives {
      pass.add(weight, objective: objective) { unit, element in
        let (kernel, tap) = element.quotientAndRemainder(dividingBy: Self.taps)
        return Float(values[(unit * objectives + objective) * size + kernel * Self.numbers + tap])
      }
    }
  }

  /// Takes the gradient of some utterances back to a channel and to the kernels that read it.
  /// - Parameter sums: takes the numbers of each kernel.
  private func passBack(
    _ gradient: MatrixView, _ cache: Cache, _ weights: MatrixView, objective: Int, channel: Int,
    _ utterances: Range<Int>, into inputGradient: MatrixView?, adding: Bool, _ sums: SharedMemory<Double>
  ) {
    let grid = cache.grid
    let (group, index) = channel.quotientAndRemainder(dividingBy: inputsOfGroup)
    let own = utterances.lowerBound * grid.height * grid.frames
    let start = objective * grid.columns + own
    var map = cache.input.channel(channel).from(own)
    let target = inputGradient.map { $0.row(channel) + start }
    for output in group * outputsOfGroup..<(group + 1) * outputsOfGroup {
      let isAdded = adding || output > group * outputsOfGroup
      ck_depthwise_backward(
        gradient.row(output) + start, &map, weights.row(output) + index * Self.taps, utterances.count, grid.height,
        grid.frames, 0, isAdded ? target.map { UnsafePointer($0) } : nil, target,
        sums.pointer + (output * inputsOfGroup + index) * Self.numbers)
    }
  }
}

extension GroupedConvolution2D: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    graph.add(
      "Conv", input, graph.trained(weight), graph.trained(bias),
      attributes: ["group": .number(groups), "pads": [1, 1, 1, 1]])
  }
}
