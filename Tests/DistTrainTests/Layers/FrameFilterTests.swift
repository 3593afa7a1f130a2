import DistTrain
import TestTools
import Testing

/// Convolutions of three frames by Winograd's minimal filtering against plain sums in double precision.
/// `Convolution1DTests` and `FrameConvolutionGradientTests` have them as layers.
@Suite struct FrameFilterTests {
  struct Shape: Sendable {
    let inputs: Int
    let outputs: Int
    let lines: Int
    /// The frames of a line of the input.
    let frames: Int
    let dilation: Int

    var places: Int { frames - 2 * dilation }
  }

  /// Lines from a single place on, through several groups of tiles with any rest; panels of several lines, lines of
  /// several panels, also where many channels make these small; channels that are a multiple of nothing, and so many on
  /// both sides that gradients of weights are summed in blocks.
  static let shapes: [Shape] =
    (1...3).flatMap { dilation in
      (1...9 * dilation).map {
        Shape(inputs: 3, outputs: 5, lines: 2, frames: 2 * dilation + $0, dilation: dilation)
      }
    } + [
      Shape(inputs: 1, outputs: 1, lines: 1, frames: 6, dilation: 1),
      Shape(inputs: 4, outputs: 3, lines: 2, frames: 40, dilation: 5),
      Shape(inputs: 17, outputs: 9, lines: 40, frames: 51, dilation: 2),
      Shape(inputs: 5, outputs: 6, lines: 2, frames: 1700, dilation: 1),
      Shape(inputs: 4, outputs: 3, lines: 2, frames: 1701, dilation: 3),
      Shape(inputs: 1200, outputs: 3, lines: 2, frames: 611, dilation: 3),
      Shape(inputs: 3, outputs: 1200, lines: 3, frames: 203, dilation: 2),
      Shape(inputs: 420, outputs: 420, lines: 2, frames: 9, dilation: 1),
    ]

  /// In single precision plain sums are up to 3e-7 away, and minimal filtering up to 7e-7.
  private static let bound = 1e-6

  @Test(arguments: shapes) func `lines' output equals plain sums, and is added where that is asked`(shape: Shape) {
    let setup = Setup(shape)
    let output = Matrix(rows: shape.outputs, columns: shape.lines * shape.places)
    let products = FrameFilterProducts(setup.weights.view, dilation: shape.dilation)
    products.write(AffineView(setup.input.view), lines: shape.lines, to: output.view)
    #expect(relativeDistance(output.values, setup.plainOutput()) < Self.bound)
    let added = Matrix(rows: shape.outputs, columns: output.columns)
    added.pointer.update(repeating: 1, count: added.count)
    products.write(AffineView(setup.input.view), lines: shape.lines, to: added.view, adding: true)
    #expect(added.values == output.values.map { 1 + $0 })
  }

  /// ⟨y, C·x⟩ = ⟨Cᵀ·y, x⟩ holds for the plain sums that it is compared with.
  @Test(arguments: shapes) func `the input's gradient equals plain sums`(shape: Shape) {
    let setup = Setup(shape)
    let result = Matrix(rows: shape.inputs, columns: shape.lines * shape.frames)
    let gradient = setup.gradient.columns(0..<shape.lines * shape.places)
    FrameFilterProducts(turning: setup.weights.view, dilation: shape.dilation).write(
      AffineView(gradient), lines: shape.lines, zeros: 2 * shape.dilation, to: result.view)
    #expect(relativeDistance(result.values, setup.plainInputGradient()) < Self.bound)
  }

  @Test(arguments: shapes) func `both objectives' gradients of the weights equal plain sums`(shape: Shape) {
    let setup = Setup(shape)
    for objective in 0...1 {
      let own = setup.weightGradient(objective, units: [0..<shape.lines], nodes: [0..<1])
      #expect(relativeDistance(own[0], setup.plainWeightGradient(objective)) < Self.bound)
    }
  }

  @Test(arguments: shapes.filter { $0.lines > 1 })
  func `units' gradients are added in the tree's order, whoever holds them`(shape: Shape) {
    let setup = Setup(shape)
    let units = (0..<shape.lines).map { $0..<$0 + 1 }
    let whole = setup.weightGradient(1, units: units, nodes: [0..<units.count])
    let (left, right) = SumTree.halves(of: 0..<units.count)
    let parts = setup.weightGradient(1, units: units, nodes: [left, right])
    #expect(parts.count == 2 && whole[0] == zip(parts[0], parts[1]).map { $0 + $1 })
    #expect(relativeDistance(whole[0], setup.plainWeightGradient(1)) < Self.bound)
  }

  @Test(arguments: shapes) func `the bits don't depend on the number of threads`(shape: Shape) {
    let setup = Setup(shape)
    expectSameBitsOnThreads {
      let output = Matrix(rows: shape.outputs, columns: shape.lines * shape.places)
      let back = Matrix(rows: shape.inputs, columns: 2 * shape.lines * shape.frames)
      FrameFilterProducts(setup.weights.view, dilation: shape.dilation).write(
        AffineView(setup.input.view), lines: shape.lines, to: output.view)
      FrameFilterProducts(turning: setup.weights.view, dilation: shape.dilation).write(
        AffineView(setup.gradient.view), lines: 2 * shape.lines, zeros: 2 * shape.dilation, to: back.view)
      let units = (0..<shape.lines).map { $0..<$0 + 1 }
      return [output.values, back.values] + setup.weightGradient(1, units: units, nodes: [0..<units.count])
    }
  }

  /// Wherever an output's tile lies in a panel, it has the bits that it has without the lines before it.
  @Test(arguments: shapes.filter { $0.lines > 1 })
  func `a line's output does not depend on those before it`(shape: Shape) {
    let setup = Setup(shape)
    let products = FrameFilterProducts(setup.weights.view, dilation: shape.dilation)
    let output = Matrix(rows: shape.outputs, columns: shape.lines * shape.places)
    products.write(AffineView(setup.input.view), lines: shape.lines, to: output.view)
    let last = output.columns - shape.places..<output.columns
    let alone = Matrix(rows: shape.outputs, columns: shape.places)
    let input = setup.input.columns((shape.lines - 1) * shape.frames..<shape.lines * shape.frames)
    products.write(AffineView(input), lines: 1, to: alone.view)
    #expect(alone.values == (0..<shape.outputs).flatMap { row in last.map { output[row, $0] } })
  }

  @Test(arguments: [16, 64, 256]) func `rounding is at most four times that of products with windows`(channels: Int) {
    let setup = Setup(Shape(inputs: channels, outputs: 16, lines: 2, frames: 54, dilation: 2))
    let input = AffineView(setup.input.view)
    let output = Matrix(rows: 16, columns: 100)
    FrameFilterProducts(setup.weights.view, dilation: 2).write(input, lines: 2, to: output.view)
    var layout = EncoderLayout()
    let layer = Convolution1D(
      "c", inputs: channels, outputs: 16, kernel: 3, dilation: 2, padding: .valid, layout: &layout)
    let parameters = Matrix(
      rows: 1, columns: layout.parameters.count, setup.weights.values + [Float](repeating: 0, count: 16))
    let pass = ForwardPass(mode: .training, parameters: parameters, statistics: parameters)
    let plain = layer.forward(input, Grid(utterances: 2, frames: 54), pass).output.stored()
    let exact = setup.plainOutput()
    #expect(relativeDistance(output.values, exact) < 4 * relativeDistance(plain.values, exact))
    #expect(output.values != plain.values)
  }

  @Test func `panels have room for the channels of every usual encoder`() {
    #expect(FrameFilterProducts.fit(channels: 512, outputs: 512, dilation: 3))
    #expect(FrameFilterProducts.fit(channels: 5458, outputs: 1, dilation: 3))
    #expect(!FrameFilterProducts.fit(channels: 1, outputs: 5500, dilation: 3))
    #expect(!FrameFilterProducts.fit(channels: 1, outputs: 1, dilation: 400))
  }

  private struct Setup: Sendable {
    let shape: Shape
    let input: Matrix
    /// outputs × (inputs · 3).
    let weights: Matrix
    /// The gradient of two objectives.
    let gradient: Matrix

    init(_ shape: Shape) {
      self.shape = shape
      input = LayerProbe.normal(shape.inputs, shape.lines * shape.frames, item: 96)
      weights = LayerProbe.normal(shape.outputs, 3 * shape.inputs, item: 97)
      gradient = LayerProbe.normal(shape.outputs, 2 * shape.lines * shape.places, item: 98)
    }

    /// An objective's gradient of the weights, for each node.
    func weightGradient(_ objective: Int, units: [Range<Int>], nodes: [Range<Int>]) -> [[Float]] {
      let products = FrameFilterGradient(
        gradient: gradient.view, input: AffineView(input.view), lines: shape.lines, dilation: shape.dilation,
        objectives: 2, units: units)
      let results = nodes.map { _ in Matrix.zeros(rows: shape.outputs, columns: 3 * shape.inputs) }
      products.sums(of: nodes).add(objective: objective, to: results.map(\.view))
      return results.map(\.values)
    }

    /// Calls `body` with every product of a channel: the kernel's tap, the input's column and the output's.
    private func forEachTap(_ body: (_ tap: Int, _ from: Int, _ to: Int) -> Void) {
      for line in 0..<shape.lines {
        for place in 0..<shape.places {
          for tap in 0..<3 {
            body(tap, line * shape.frames + place + tap * shape.dilation, line * shape.places + place)
          }
        }
      }
    }

    func plainOutput() -> [Float] {
      let columns = shape.lines * shape.places
      var sums = [Double](repeating: 0, count: shape.outputs * columns)
      for output in 0..<shape.outputs {
        for channel in 0..<shape.inputs {
          forEachTap { tap, from, to in
            sums[output * columns + to] += Double(weights[output, 3 * channel + tap]) * Double(input[channel, from])
          }
        }
      }
      return sums.map { Float($0) }
    }

    /// The input's gradient of the first objective, by plain sums.
    func plainInputGradient() -> [Float] {
      let columns = shape.lines * shape.frames
      var sums = [Double](repeating: 0, count: shape.inputs * columns)
      for output in 0..<shape.outputs {
        for channel in 0..<shape.inputs {
          forEachTap { tap, from, to in
            sums[channel * columns + from] +=
              Double(weights[output, 3 * channel + tap]) * Double(gradient[output, to])
          }
        }
      }
      return sums.map { Float($0) }
    }

    func plainWeightGradient(_ objective: Int) -> [Float] {
      let columns = shape.lines * shape.places
      var sums = [Double](repeating: 0, count: weights.count)
      for output in 0..<shape.outputs {
        for channel in 0..<shape.inputs {
          forEachTap { tap, from, to in
            sums[(output * shape.inputs + channel) * 3 + tap] +=
              Double(gradient[output, objective * columns + to]) * Double(input[channel, from])
          }
        }
      }
      return sums.map { Float($0) }
    }
  }
}
