import DistTrain
import Testing

@Suite struct FrozenNormalizationTests {
  /// The beginnings of the names of frozen normalisations: none, all, and each kind beside the others.
  static let cases: [[String]] = [
    [], ["b", "t"], ["b"], ["t"], ["b.tdnnd1.nonlinear1"], ["b.tdnnd2"], ["b.tdnnd1.nonlinear2", "t"],
  ]

  @Test(arguments: cases)
  func `a dense block's gradients go past the batch's moments where a normalisation is frozen`(frozen: [String]) {
    var layout = EncoderLayout()
    let block = DenseBlock(
      "b", transition: "t", layers: 2, inputs: 3, growth: 2, bottleneck: 4, dilation: 1, layout: &layout)
    let grid = Grid(utterances: 2, frames: 9)
    let still = Self.offsets(layout, frozen)
    // Short inputs and raised biases: nearly every ReLU passes, since running statistics do not hold values together.
    let input = LayerProbe.normal(3, grid.columns, item: 61)
    for index in input.elements.indices { input.elements[index] *= 0.3 }
    let probe = LayerProbe(layout, input: input, lift: 4) { input, pass in
      let features = Matrix(rows: block.channels, columns: grid.columns)
      features.pointer.update(from: input.pointer, count: input.count)
      let output = Matrix(rows: block.outputs, columns: grid.columns)
      let pass = ForwardPass(
        mode: pass.mode, parameters: pass.parameters, statistics: pass.statistics, frozen: still)
      guard let cache = block.forward(features.view, grid, into: output.view, pass) else {
        preconditionFailure("a way back follows")
      }
      return (
        output,
        { gradient, pass in
          let back = block.backward(gradient.view, cache: cache, pass)
          let result = Matrix(rows: back.rows, columns: back.columns)
          for row in 0..<back.rows { result.row(row).update(from: back.row(row), count: back.columns) }
          return result
        }
      )
    }
    probe.check(.training, step: 0.004, within: 5e-2, floor: 4e-3)
  }

  @Test(arguments: cases) func `a dense block's frozen normalisations keep their statistics, and no others do`(
    frozen: [String]
  ) {
    var layout = EncoderLayout()
    let block = DenseBlock(
      "b", transition: "t", layers: 2, inputs: 3, growth: 2, bottleneck: 4, dilation: 1, layout: &layout)
    let grid = Grid(utterances: 2, frames: 9)
    let (parameters, statistics) = (
      Matrix.zeros(rows: 1, columns: layout.parameters.count), Matrix.zeros(rows: 1, columns: layout.statistics.count)
    )
    layout.parameters.initialise(parameters.pointer, seed: 1)
    layout.statistics.initialise(statistics.pointer, seed: 1)
    let before = statistics.values
    let features = Matrix.zeros(rows: block.channels, columns: grid.columns)
    let input = LayerProbe.normal(3, grid.columns, item: 63)
    features.pointer.update(from: input.pointer, count: input.count)
    let pass = ForwardPass(
      mode: .training, parameters: parameters, statistics: statistics, frozen: Self.offsets(layout, frozen))
    _ = block.forward(features.view, grid, into: Matrix(rows: block.outputs, columns: grid.columns).view, pass)
    for one in layout.statistics.parameters {
      let isFrozen = frozen.contains { one.name.hasPrefix($0 + ".") }
      #expect((statistics.values[one.range] == before[one.range]) == isFrozen, "\(one.name)")
    }
  }

  @Test func `a frozen normalisation goes by its running statistics and keeps them, and another does not`() {
    var layout = EncoderLayout()
    let normalization = BatchNormalization("n", channels: 2, layout: &layout)
    let input = LayerProbe.normal(2, 12, item: 62)
    let grid = Grid(utterances: 2, frames: 6)
    let parameters = Matrix(rows: 1, columns: 4, [2, 0.5, 1, -1])
    func run(_ mode: ForwardPass.Mode, frozen: Set<Int>) -> (output: [Float], statistics: [Float]) {
      let statistics = Matrix(rows: 1, columns: 4, [0.25, -0.5, 4, 9])
      let pass = ForwardPass(mode: mode, parameters: parameters, statistics: statistics, frozen: frozen)
      return (normalization.forward(AffineView(input.view), grid, pass).output.stored().values, statistics.values)
    }
    let still = run(.training, frozen: Self.offsets(layout, ["n"]))
    #expect(still.statistics == [0.25, -0.5, 4, 9])
    #expect(still.output == run(.inference, frozen: []).output)
    let moving = run(.training, frozen: [])
    #expect(moving.statistics != still.statistics && moving.output != still.output)
  }

  /// The offsets of the running statistics whose names begin so.
  private static func offsets(_ layout: EncoderLayout, _ frozen: [String]) -> Set<Int> {
    let statistics = layout.statistics.parameters
    return Set(
      statistics.filter { one in frozen.contains { one.name.hasPrefix($0 + ".") } }.map(\.offset))
  }
}
