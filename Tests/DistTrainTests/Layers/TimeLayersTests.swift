import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

/// The layers of ReDimNet's block over time.
@Suite struct TimeLayersTests {
  private static let maps = [
    Grid(utterances: 2, height: 3, frames: 5), Grid(utterances: 3, height: 5, frames: 1),
    Grid(utterances: 1, height: 1, frames: 1), Grid(utterances: 2, height: 1, frames: 37),
  ]

  /// A layer whose input's gradient has memory of its own, or that of the output's.
  private func probe<Probed: Layer>(
    _ layer: Probed, _ layout: EncoderLayout, _ grid: Grid, inPlace: Bool = false
  ) -> LayerProbe {
    let input = LayerProbe.normal(layer.inputs, grid.columns, item: 3)
    return inPlace
      ? LayerProbe(inPlace: layer, layout, grid, input: input) : LayerProbe(layer, layout, grid, input: input)
  }

  @Test(arguments: maps, [false, true])
  func `the gradient of normalised columns equals central differences`(grid: Grid, inPlace: Bool) {
    var layout = EncoderLayout()
    let layer = LayerNormalization("n", channels: 5, layout: &layout)
    #expect(layout.parameters.parameters.map(\.name) == ["n.weight", "n.bias"])
    probe(layer, layout, grid, inPlace: inPlace).check(.training, within: 2e-3, floor: 3e-4)
  }

  @Test(arguments: maps, [1, 7, 59])
  func `the gradient of a convolution of each channel equals central differences`(grid: Grid, kernel: Int) {
    var layout = EncoderLayout()
    let layer = DepthwiseConvolution1D("c", channels: 3, kernel: kernel, layout: &layout)
    #expect(layout.parameters.parameters.map(\.shape) == [[3, 1, kernel], [3]])
    probe(layer, layout, grid).check(.training, within: 1e-3, floor: 3e-4)
  }

  @Test(arguments: LayerProbe.shapes, [false, true])
  func `the gradient of a convolution with GELU and a product equals central differences`(
    shape: LayerProbe.Shape, inPlace: Bool
  ) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = ConvNeXtBlock("b", channels: 4, kernel: 7, layout: &layout)
      probe(layer, layout, shape.grid, inPlace: inPlace).check(mode, within: 1e-2, floor: 2e-3)
    }
  }

  @Test(arguments: LayerProbe.shapes, [1, 4])
  func `the gradient of attention equals central differences`(shape: LayerProbe.Shape, heads: Int) {
    var layout = EncoderLayout()
    let layer = SelfAttention("a", channels: 8, heads: heads, layout: &layout)
    probe(layer, layout, shape.grid).check(.training, within: 5e-3, floor: 1e-3)
  }

  /// The weights of 240 queries are computed at a time here, and then those of 33.
  @Test func `the gradient of attention over several blocks of queries equals central differences`() {
    var layout = EncoderLayout()
    let layer = SelfAttention("a", channels: 2, heads: 2, layout: &layout)
    probe(layer, layout, Grid(utterances: 1, frames: 273)).check(.training, within: 1e-2, floor: 2e-3)
  }

  @Test(arguments: LayerProbe.shapes, [false, true])
  func `the gradient of a transformer's layer equals central differences`(shape: LayerProbe.Shape, inPlace: Bool) {
    var layout = EncoderLayout()
    let layer = TransformerLayer("t", channels: 8, layout: &layout)
    probe(layer, layout, shape.grid, inPlace: inPlace).check(.training, within: 1e-2, floor: 2e-3)
  }

  @Test(arguments: [false, true])
  func `the gradient of a block over time equals central differences`(inPlace: Bool) {
    for mode in [ForwardPass.Mode.training, .inference] {
      var layout = EncoderLayout()
      let layer = TimeBlock("b", channels: 6, reduced: 4, layout: &layout)
      probe(layer, layout, Grid(utterances: 3, frames: 9), inPlace: inPlace).check(mode, within: 2e-2, floor: 5e-3)
    }
  }

  @Test func `weights of products and kernels start within one over the root of their inputs, and they alone decay`() {
    var layout = EncoderLayout()
    _ = TimeBlock("b", channels: 6, reduced: 4, layout: &layout)
    for parameter in layout.parameters.parameters {
      #expect(parameter.decays == (parameter.shape.count > 1), "\(parameter.name)")
      guard parameter.shape.count > 1 else { continue }
      let bound = 1 / Float(parameter.shape.dropFirst().reduce(1, *)).squareRoot()
      #expect(parameter.initialisation == .uniform(bound: bound), "\(parameter.name)")
    }
  }

  /// Attention in double precision, all weights at once.
  @Test(arguments: [1, 200, 273, 600]) func `attention equals plain sums, however many queries it takes at a time`(
    frames: Int
  ) {
    let (channels, heads) = (4, 2)
    var layout = EncoderLayout()
    let layer = SelfAttention("a", channels: channels, heads: heads, layout: &layout)
    let state = State(layout)
    let grid = Grid(utterances: 2, frames: frames)
    let input = LayerProbe.normal(channels, grid.columns, item: 5)
    let output = layer.forward(AffineView(input.view), grid, state.pass(.inference)).output.stored()
    let expected = Matrix(rows: channels, columns: grid.columns)
    for utterance in 0..<2 {
      let first = utterance * frames
      let columns = (0..<frames).map { frame in (0..<channels).map { Double(input[$0, first + frame]) } }
      for (frame, column) in plainAttention(columns, heads: heads, state).enumerated() {
        for row in 0..<channels { expected[row, first + frame] = Float(column[row]) }
      }
    }
    #expect(relativeDistance(output.values, expected.values) < 1e-5)
  }

  /// The output for each frame of an utterance, from its frames' channels.
  private func plainAttention(_ columns: [[Double]], heads: Int, _ state: State) -> [[Double]] {
    let width = columns[0].count / heads
    let queries = columns.map { state.mapped($0, by: "a.q_proj") }
    let keys = columns.map { state.mapped($0, by: "a.k_proj") }
    let values = columns.map { state.mapped($0, by: "a.v_proj") }
    return queries.map { query in
      var attended: [Double] = []
      for head in 0..<heads {
        let part = head * width..<(head + 1) * width
        let powers: [Double] = keys.map { key in
          let score = part.reduce(0.0) { $0 + query[$1] * key[$1] }
          return exp(score / Double(width).squareRoot())
        }
        let total = powers.reduce(0, +)
        for channel in part {
          attended.append(zip(powers, values).reduce(0.0) { $0 + $1.0 * $1.1[channel] } / total)
        }
      }
      return state.mapped(attended, by: "a.out_proj")
    }
  }

  /// Utterances are long enough for several blocks of queries.
  @Test func `an utterance's output has the same bits without the others, and without caches`() {
    var layout = EncoderLayout()
    let layer = TimeBlock("b", channels: 6, reduced: 4, layout: &layout)
    let state = State(layout)
    let grid = Grid(utterances: 3, frames: 290)
    let input = LayerProbe.normal(6, grid.columns, item: 6)
    let whole = layer.forward(AffineView(input.view), grid, state.pass(.inference)).output.stored()
    let columns = 580..<870
    let alone = layer.forward(
      AffineView(input.columns(columns)), Grid(utterances: 1, frames: 290),
      state.pass(.inference, keepsCaches: false)
    ).output.stored()
    #expect(alone.values == (0..<6).flatMap { row in columns.map { whole[row, $0] } })
  }

  @Test func `a batch's gradients have the same bits however its units are shared out`() {
    let whole = unitGradients(nodes: [0..<3])
    let parts = unitGradients(nodes: [0..<2, 2..<3])
    let undivided = unitGradients(sizes: [5], nodes: [0..<1])
    #expect(whole.input == parts.input)
    for objective in 0...1 {
      let sums = zip(parts.parameters[objective][0], parts.parameters[objective][1]).map { $0 + $1 }
      #expect(whole.parameters[objective][0] == sums)
      #expect(relativeDistance(sums, undivided.parameters[objective][0]) < 1e-5)
    }
  }

  @Test func `a batch's gradients have the same bits on any number of threads`() {
    ThreadTeam.shared.grow(to: 3)
    let together = unitGradients(nodes: [0..<3])
    let alone = Mutex<Gradients?>(nil)
    // Within a loop of the team everything is the calling thread's alone.
    ThreadTeam.shared.run(2) { index in
      if index == 0 {
        let own = unitGradients(nodes: [0..<3])
        alone.withLock { $0 = own }
      }
    }
    let own = alone.withLock { $0 }
    #expect(own?.input == together.input && own?.parameters == together.parameters)
  }

  private typealias Gradients = (input: [Float], parameters: [[[Float]]])

  /// The gradients of a training step of units of so many utterances, five in all, the parameters' by objective and
  /// node.
  private func unitGradients(sizes: [Int] = [2, 2, 1], nodes: [Range<Int>]) -> Gradients {
    var layout = EncoderLayout()
    let layer = TimeBlock("b", channels: 10, reduced: 8, layout: &layout)
    let state = State(layout)
    let units = BatchUnits(sizes: sizes, nodes: nodes)
    let grid = Grid(utterances: 5, frames: 33)
    let input = LayerProbe.normal(10, grid.columns, item: 7)
    let (_, cache) = layer.forward(AffineView(input.view), grid, state.pass(.training, units: units))
    let gradient = LayerProbe.normal(10, 2 * grid.columns, item: 8)
    let inputGradient = Matrix(rows: 10, columns: 2 * grid.columns)
    let buffers = (0..<2).map { _ in nodes.map { _ in Matrix.zeros(rows: 1, columns: layout.parameters.count) } }
    layer.backward(
      gradient.view, cache: cache, into: inputGradient.view,
      BackwardPass(parameters: state.parameters, gradients: buffers, units: units))
    return (inputGradient.values, buffers.map { $0.map(\.values) })
  }
}

/// ReDimNet's block over time against PyTorch's in double precision. PyTorch in single precision is a twentieth of the
/// bounds away.
@Suite struct TimeBlockGoldenTests {
  private let file: Golden
  private let layer: TimeBlock
  private let layout: EncoderLayout
  private let state: State
  private let grid: Grid

  init() throws {
    let file = try Golden("time-block")
    func size(_ name: String) throws -> Int { try #require(file.metadata[name].flatMap { Int($0) }, "\(name)") }
    var layout = EncoderLayout()
    layer = TimeBlock("block", channels: try size("bins"), reduced: try size("reduced"), layout: &layout)
    state = State(
      layout, parameters: try file.flat(layout.parameters, scope: "parameter"),
      statistics: try file.flat(layout.statistics, scope: "before"))
    grid = Grid(utterances: try size("utterances"), frames: try size("frames"))
    self.file = file
    self.layout = layout
  }

  private func expect(_ matrix: Matrix, _ name: String, within tolerance: Double = 1e-5) throws {
    let distance = relativeDistance(matrix.values, try file.features(name).values)
    #expect(distance < tolerance, "\(name)")
  }

  @Test func `a step's output, its running statistics, and what inference gives after it equal PyTorch's`() throws {
    let features = try file.features("features")
    let trained = layer.forward(AffineView(features.view), grid, state.pass(.training)).output.stored()
    try expect(trained, "training/embeddings")
    for statistic in layout.statistics.parameters {
      let values = Array(state.statistics.values[statistic.range])
      #expect(relativeDistance(values, try file.values("after/\(statistic.name)")) < 1e-5, "\(statistic.name)")
    }
    let inference = layer.forward(AffineView(features.view), grid, state.pass(.inference)).output.stored()
    try expect(inference, "inference/embeddings")
    let long = try file.features("inference/long.features")
    let output = layer.forward(
      AffineView(long.view), Grid(utterances: 1, frames: long.columns), state.pass(.inference, keepsCaches: false)
    ).output.stored()
    try expect(output, "inference/long.embeddings")
  }

  @Test func `both objectives' gradients of the input and of every parameter equal PyTorch's`() throws {
    let features = try file.features("features")
    let (_, cache) = layer.forward(AffineView(features.view), grid, state.pass(.training))
    let directions = try (1...2).map { try file.features("output_gradient.\($0)") }
    let rows = features.rows
    let stacked = Matrix(
      rows: rows, columns: 2 * grid.columns,
      (0..<rows).flatMap { row in directions.flatMap { own in (0..<grid.columns).map { own[row, $0] } } })
    let buffers = directions.map { _ in Matrix.zeros(rows: 1, columns: layout.parameters.count) }
    let result = Matrix(rows: rows, columns: 2 * grid.columns)
    layer.backward(
      stacked.view, cache: cache, into: result.view, BackwardPass(parameters: state.parameters, gradients: buffers))
    for (objective, buffer) in buffers.enumerated() {
      let scope = "gradient.\(objective + 1)"
      let own = result.columns(objective * grid.columns..<(objective + 1) * grid.columns)
      try expect(AffineView(own).stored(), "\(scope)/features", within: 1e-4)
      let values = buffer.values
      for parameter in layout.parameters.parameters {
        let (name, own) = ("\(scope)/\(parameter.name)", Array(values[parameter.range]))
        if name.hasSuffix("dwconvs.0.bias") || name.hasSuffix("k_proj.bias") {
          // These are zero: a normalisation takes them off, and a softmax does not see them.
          #expect(own.allSatisfy { abs($0) < 1e-4 }, "\(name)")
        } else {
          #expect(relativeDistance(own, try file.values(name)) < 1e-4, "\(name)")
        }
      }
    }
  }
}

/// Parameters and running statistics, as a layer starts where they are not given.
private struct State {
  let parameters: Matrix
  let statistics: Matrix
  private let layout: EncoderLayout

  init(_ layout: EncoderLayout) {
    parameters = Matrix(rows: 1, columns: layout.parameters.count)
    statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.parameters.initialise(parameters.pointer, seed: 4)
    layout.statistics.initialise(statistics.pointer, seed: 4)
    self.layout = layout
  }

  init(_ layout: EncoderLayout, parameters: Matrix, statistics: Matrix) {
    self.layout = layout
    self.parameters = parameters
    self.statistics = statistics
  }

  func pass(_ mode: ForwardPass.Mode, units: BatchUnits = .whole, keepsCaches: Bool = true) -> ForwardPass {
    ForwardPass(
      mode: mode, parameters: parameters, statistics: statistics, units: units, keepsCaches: keepsCaches)
  }

  /// The product of a linear map of the layout with a column, in double precision.
  func mapped(_ column: [Double], by name: String) -> [Double] {
    let (weight, bias) = (values("\(name).weight"), values("\(name).bias"))
    return bias.indices.map { row in
      var sum = Double(bias[row])
      for index in column.indices { sum += Double(weight[row * column.count + index]) * column[index] }
      return sum
    }
  }

  private func values(_ name: String) -> [Float] {
    layout.parameters.parameters.filter { $0.name == name }.flatMap { Array(parameters.values[$0.range]) }
  }
}
