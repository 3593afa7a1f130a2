internal import CKernels

/// A convolution over frames that keeps their number:
/// y[o, t] = b[o] + Σ_{c,j} w[o, c, j] · x[c, t + (j − (k−1)/2)·d], with x beyond an utterance's ends as `padding` has it.
///
/// It is one product with the input's shifted rows gathered for a few utterances at a time; a kernel of one frame reads
/// the input itself.
package struct Convolution1D: Sendable {
  /// What stands beyond an utterance's ends.
  package enum Padding: Sendable {
    case zeros
    /// The frames mirrored at the first and at the last one, which are not repeated (PyTorch's `reflect`).
    case reflection
  }

  package let inputs: Int
  package let outputs: Int
  /// Frames of the kernel, odd.
  package let kernel: Int
  package let dilation: Int
  package let padding: Padding
  let weight: Parameter
  let bias: Parameter

  /// - Parameter name: the scope of `weight` [outputs, inputs, kernel] and `bias` [outputs].
  package init(
    _ name: String, inputs: Int, outputs: Int, kernel: Int = 1, dilation: Int = 1, padding: Padding = .zeros,
    layout: inout EncoderLayout
  ) {
    precondition(kernel % 2 == 1, "a kernel that keeps the number of frames is odd")
    self.inputs = inputs
    self.outputs = outputs
    self.kernel = kernel
    self.dilation = dilation
    self.padding = padding
    // PyTorch's default for Conv1d: uniform in ± 1/√fan-in, weights and biases alike.
    let bound = 1 / Float(inputs * kernel).squareRoot()
    weight = layout.parameters.add(
      "\(name).weight", shape: [outputs, inputs, kernel], initialisation: .uniform(bound: bound), decays: true)
    bias = layout.parameters.add(
      "\(name).bias", shape: [outputs], initialisation: .uniform(bound: bound), decays: false)
  }

  /// Frames that the kernel reaches beyond an utterance's ends.
  private var reach: Int { (kernel - 1) / 2 * dilation }

  /// The fewest frames of an utterance: a reflection needs more than the kernel reaches.
  package var minimumFrames: Int { padding == .reflection ? reach + 1 : 1 }

  /// The product without the bias, which the caller adds in a pass it makes anyway.
  /// - Parameters:
  ///   - input: inputs × (utterances · frames).
  ///   - output: outputs × (utterances · frames).
  func forward(_ input: MatrixView, utterances: Int, into output: MatrixView, _ pass: ForwardPass) {
    let weights = pass.matrix(weight)
    forEachBlock(of: input, utterances: utterances, channels: inputs) { _, rows, columns in
      multiply(weights, rows, into: output.columns(columns), precision: pass.precision)
    }
  }

  func bias(_ pass: ForwardPass) -> UnsafeMutablePointer<Float> { pass.vector(bias) }

  /// Adds the weights' gradients and writes the input's. The bias's gradient is the caller's, from the sums it takes.
  /// - Parameters:
  ///   - gradient: outputs × (objectives · utterances · frames).
  ///   - input: what `forward` read.
  ///   - inputGradient: inputs × (objectives · utterances · frames); nil where nothing trained lies before.
  func backward(
    _ gradient: MatrixView, input: MatrixView, utterances: Int, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    addWeightGradients(gradient, input: input, utterances: utterances, pass)
    guard let inputGradient else { return }
    if kernel == 1 {
      multiply(transposed: pass.matrix(weight), gradient, into: inputGradient, precision: pass.precision)
    } else {
      writeInputGradient(gradient, utterances: utterances * pass.objectives, into: inputGradient, pass)
    }
  }

  private func addWeightGradients(
    _ gradient: MatrixView, input: MatrixView, utterances: Int, _ pass: BackwardPass
  ) {
    let span = input.columns
    let width = inputs * kernel
    let blocks = self.blocks(of: input, utterances: utterances, channels: inputs).count
    // Each block's own sums, added in the order of blocks whichever thread was first.
    let partial = Matrix(rows: pass.objectives * blocks * outputs, columns: kernel == 1 ? 0 : width)
    forEachBlock(of: input, utterances: utterances, channels: inputs) { block, rows, columns in
      for objective in 0..<pass.objectives {
        let shifted = columns.lowerBound + objective * span..<columns.upperBound + objective * span
        let first = (objective * blocks + block) * outputs
        multiply(
          gradient.columns(shifted), transposed: rows,
          into: kernel == 1 ? pass.gradient(weight, objective: objective) : partial.rows(first..<first + outputs),
          adding: kernel == 1, precision: pass.precision)
      }
    }
    if kernel == 1 { return }
    inParallel(pass.objectives * outputs) { row in
      let (objective, output) = row.quotientAndRemainder(dividingBy: outputs)
      let total = pass.gradient(weight, objective: objective).row(output)
      for block in 0..<blocks {
        ck_add(partial.row((objective * blocks + block) * outputs + output), total, total, width)
      }
    }
  }

  private func writeInputGradient(
    _ gradient: MatrixView, utterances: Int, into inputGradient: MatrixView, _ pass: BackwardPass
  ) {
    switch padding {
    case .zeros:
      // The adjoint of a convolution over zeros is the convolution with the kernel turned round.
      let turned = turnedWeights(pass)
      forEachBlock(of: gradient, utterances: utterances, channels: outputs) { _, rows, columns in
        multiply(turned.view, rows, into: inputGradient.columns(columns), precision: pass.precision)
      }
    case .reflection:
      let frames = gradient.columns / utterances
      for row in 0..<inputs { inputGradient.row(row).update(repeating: 0, count: inputGradient.columns) }
      let block = blockOfUtterances(utterances, channels: inputs, frames: frames)
      let gathered = Matrix(rows: inputs * kernel, columns: block * frames)
      for start in stride(from: 0, to: utterances, by: block) {
        let own = start..<min(start + block, utterances)
        let columns = own.lowerBound * frames..<own.upperBound * frames
        multiply(
          transposed: pass.matrix(weight), gradient.columns(columns), into: gathered.columns(0..<columns.count),
          precision: pass.precision)
        scatter(gathered, utterances: own, frames: frames, into: inputGradient)
      }
    }
  }

  func addBiasGradient(_ value: Double, channel: Int, objective: Int, _ pass: BackwardPass) {
    pass.gradients[objective][bias.offset + channel] += Float(value)
  }

  /// inputs × (outputs · kernel) with [c, o·k + j] = w[o, c, k − 1 − j].
  private func turnedWeights(_ pass: BackwardPass) -> Matrix {
    let source = pass.vector(weight)
    let turned = Matrix(rows: inputs, columns: outputs * kernel)
    for output in 0..<outputs {
      for input in 0..<inputs {
        for tap in 0..<kernel {
          turned[input, output * kernel + tap] = source[(output * inputs + input) * kernel + kernel - 1 - tap]
        }
      }
    }
    return turned
  }

  /// Calls `body` with the rows a product needs, (channels · kernel) × columns, for each block of utterances, on all threads.
  private func forEachBlock(
    of source: MatrixView, utterances: Int, channels: Int,
    _ body: (_ block: Int, _ rows: MatrixView, _ columns: Range<Int>) -> Void
  ) {
    if kernel == 1 { return body(0, source, 0..<source.columns) }
    let frames = source.columns / utterances
    precondition(frames >= minimumFrames, "\(frames) frames, \(minimumFrames) at least")
    let blocks = blocks(of: source, utterances: utterances, channels: channels)
    ThreadTeam.shared.run(blocks.count) { block in
      let own = blocks[block]
      let gathered = Matrix(rows: channels * kernel, columns: own.count * frames)
      gather(source, utterances: own, frames: frames, into: gathered)
      body(block, gathered.view, own.lowerBound * frames..<own.upperBound * frames)
    }
  }

  /// Utterances that are gathered together.
  private func blocks(of source: MatrixView, utterances: Int, channels: Int) -> [Range<Int>] {
    if kernel == 1 { return [0..<utterances] }
    let block = blockOfUtterances(utterances, channels: channels, frames: source.columns / utterances)
    return stride(from: 0, to: utterances, by: block).map { $0..<min($0 + block, utterances) }
  }

  private func blockOfUtterances(_ utterances: Int, channels: Int, frames: Int) -> Int {
    // A block's gathered rows should stay in the second-level cache between the copy and the product.
    let elements = 1 << 18
    return max(1, min(utterances, elements / (channels * kernel * frames)))
  }

  /// Row c·k + j holds channel c shifted by (j − (k−1)/2)·d frames within each utterance, padded beyond its ends.
  private func gather(_ source: MatrixView, utterances: Range<Int>, frames: Int, into gathered: Matrix) {
    let channels = gathered.rows / kernel
    for channel in 0..<channels {
      for tap in 0..<kernel {
        let shift = (tap - (kernel - 1) / 2) * dilation
        let target = gathered.row(channel * kernel + tap)
        let first = min(max(0, -shift), frames)
        let last = max(min(frames, frames - shift), first)
        for (index, utterance) in utterances.enumerated() {
          let from = source.row(channel) + utterance * frames
          let to = target + index * frames
          if last > first { (to + first).update(from: from + first + shift, count: last - first) }
          switch padding {
          case .zeros:
            to.update(repeating: 0, count: first)
            (to + last).update(repeating: 0, count: frames - last)
          case .reflection:
            for frame in 0..<first { to[frame] = from[-(frame + shift)] }
            for frame in last..<frames { to[frame] = from[2 * (frames - 1) - (frame + shift)] }
          }
        }
      }
    }
  }

  /// The adjoint of `gather` over reflections: adds each gathered element to the one it was read from.
  private func scatter(_ gathered: Matrix, utterances: Range<Int>, frames: Int, into target: MatrixView) {
    for channel in 0..<gathered.rows / kernel {
      for tap in 0..<kernel {
        let shift = (tap - (kernel - 1) / 2) * dilation
        let source = gathered.row(channel * kernel + tap)
        let first = max(0, -shift)
        let last = min(frames, frames - shift)
        for (index, utterance) in utterances.enumerated() {
          let from = source + index * frames
          let to = target.row(channel) + utterance * frames
          ck_add(to + first + shift, from + first, to + first + shift, last - first)
          for frame in 0..<first { to[-(frame + shift)] += from[frame] }
          for frame in last..<frames { to[2 * (frames - 1) - (frame + shift)] += from[frame] }
        }
      }
    }
  }
}
