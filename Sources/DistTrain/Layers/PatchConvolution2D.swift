internal import CKernels

/// A convolution over height and time whose kernel is as large as its stride, with bias, in groups of channels: y[o, h,
/// t] = b[o] + Σ_{c,i,j} w[o, c, i, j] · x[c, h·kₕ + i, t·kₜ + j], where c runs over the channels of the group that o
/// is in. Every element is read at one place. Sums are short where there are as many groups as channels, and each way
/// is one pass over the maps of a group.
package struct PatchConvolution2D: Layer {
  package struct Cache: Sendable {
    let input: AffineView
    let grid: Grid
  }

  package let inputs: Int
  package let outputs: Int
  private let groups: Int
  private let kernel: MapStride
  let weight: Parameter
  let bias: Parameter

  /// - Parameters:
  ///   - name: the scope of `weight` [outputs, inputs / groups, kernel's height, kernel's frames] and `bias` [outputs].
  ///   - groups: the number of groups into which neighbouring inputs, and neighbouring outputs, are divided.
  ///   - kernel: the lines and frames of the kernel, at most 8 frames.
  package init(
    _ name: String, inputs: Int, outputs: Int, groups: Int, kernel: (height: Int, frames: Int),
    layout: inout EncoderLayout
  ) {
    precondition(inputs % groups == 0 && outputs % groups == 0, "groups of equal size")
    precondition(kernel.frames <= 8, "a kernel of \(kernel.frames) frames, 8 at most")
    self.inputs = inputs
    self.outputs = outputs
    self.groups = groups
    self.kernel = MapStride(height: kernel.height, frames: kernel.frames)
    (weight, bias) = layout.kernels(name, shape: [outputs, inputs / groups, kernel.height, kernel.frames])
  }

  package var minimumFrames: Int { kernel.frames }
  private var inputsOfGroup: Int { inputs / groups }
  private var outputsOfGroup: Int { outputs / groups }
  /// The elements of an output's kernels.
  private var taps: Int { inputsOfGroup * tapsOfInput }
  private var tapsOfInput: Int { kernel.height * kernel.frames }

  /// The grid of the places, for a grid of whole kernels.
  package func outputGrid(_ grid: Grid) -> Grid {
    precondition(
      grid.height % kernel.height == 0 && grid.frames % kernel.frames == 0,
      "\(grid.height) lines of \(grid.frames) frames are no whole kernels")
    return kernel.places(on: grid)
  }

  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    precondition(input.columns == grid.columns, "\(input.columns) columns of a map of \(grid.columns)")
    let (places, kernel) = (outputGrid(grid), self.kernel)
    let (weights, biases) = (pass.matrix(weight), pass.vector(bias))
    inParallel(outputs) { output in
      let first = output / outputsOfGroup * inputsOfGroup
      let channels = (first..<first + inputsOfGroup).map { input.channel($0) }
      let size = places.height * places.frames
      // An utterance's maps of a group stay in the second-level cache for the group's next output.
      for utterance in 0..<places.utterances {
        let own = channels.map { $0.from(utterance * grid.height * grid.frames) }
        ck_patches(
          own, own.count, weights.row(output), biases[output], kernel.height, kernel.frames, 1, places.height,
          places.frames, memory.row(output) + utterance * size)
      }
    }
    return (AffineView(memory), Cache(input: input, grid: grid))
  }

  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let places = outputGrid(cache.grid)
    addWeightGradients(gradient, cache, pass)
    UnitSums(ofRows: gradient, pass).add(to: bias, pass)
    guard let inputGradient else { return }
    let (weights, kernel, utterances) = (pass.matrix(weight), self.kernel, pass.objectives * places.utterances)
    inParallel(inputs) { channel in
      let (group, index) = channel.quotientAndRemainder(dividingBy: inputsOfGroup)
      let first = group * outputsOfGroup
      ck_patches_input_gradient(
        gradient.row(first), gradient.stride, weights.row(first) + index * tapsOfInput, weights.stride,
        outputsOfGroup, kernel.height, kernel.frames, utterances, places.height, places.frames,
        inputGradient.row(channel))
    }
  }

  private func addWeightGradients(_ gradient: MatrixView, _ cache: Cache, _ pass: BackwardPass) {
    let (grid, input, kernel) = (cache.grid, cache.input, self.kernel)
    let places = outputGrid(grid)
    let units = pass.units.ranges(of: places.utterances)
    let rows = pass.objectives * outputs
    let values = [Double](filling: units.count * rows * taps) { values in
      inParallel(rows) { row in
        let (objective, output) = row.quotientAndRemainder(dividingBy: outputs)
        for (unit, utterances) in units.enumerated() {
          let start = objective * places.columns + utterances.lowerBound * places.height * places.frames
          for line in 0..<inputsOfGroup * kernel.height {
            let index = output / outputsOfGroup * inputsOfGroup + line / kernel.height
            var channel = input.channel(index).from(utterances.lowerBound * grid.height * grid.frames)
            ck_patches_weight_gradient(
              gradient.row(output) + start, &channel, line % kernel.height, kernel.height, kernel.frames,
              utterances.count, places.height, places.frames,
              values.pointer + (unit * rows + row) * taps + line * kernel.frames)
          }
        }
      }
    }
    for objective in 0..<pass.objectives {
      pass.add(weight, objective: objective) { unit, element in
        Float(values[(unit * rows + objective * outputs) * taps + element])
      }
    }
  }
}

extension PatchConvolution2D: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    graph.add(
      "Conv", input, graph.trained(weight), graph.trained(bias),
      attributes: ["group": .number(groups), "strides": .numbers([kernel.height, kernel.frames])])
  }
}
