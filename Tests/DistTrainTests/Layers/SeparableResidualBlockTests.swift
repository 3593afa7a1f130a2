import DistTrain
import TestTools
import Testing

/// A convolution by patches and the residual block of separable convolutions behind it, against PyTorch in double
/// precision.
@Suite struct SeparableResidualBlockTests {
  @Test func `a step's output and running statistics, and the output of inference after it, are PyTorch's`() throws {
    let setup = try Setup()
    #expect(relativeDistance(setup.output(.training), try setup.file.values("training/output")) < 1e-5)
    for statistic in setup.layout.statistics.parameters {
      let values = Array(setup.statistics.values[statistic.range])
      #expect(relativeDistance(values, try setup.file.values("after/\(statistic.name)")) < 1e-5, "\(statistic.name)")
    }
    #expect(relativeDistance(setup.output(.inference), try setup.file.values("inference/output")) < 1e-5)
  }

  @Test func `both objectives' gradients are PyTorch's`() throws {
    let setup = try Setup()
    let (parameters, input) = setup.gradients(.training)
    for objective in 0...1 {
      for parameter in setup.layout.parameters.parameters {
        let name = "gradient.\(objective + 1)/\(parameter.name)"
        let values = Array(parameters[objective][parameter.range])
        #expect(relativeDistance(values, try setup.file.values(name)) < 3e-5, "\(name)")
      }
      let expected = try setup.file.values("gradient.\(objective + 1)/input")
      #expect(relativeDistance(setup.part(input, objective), expected) < 3e-5)
    }
  }

  /// The maps have several panels of lines, and more channels than are computed again at a time.
  @Test func `a block gives what its layers give one by one`() {
    let plain = PlainBlock(channels: 40, grid: Grid(utterances: 3, height: 5, frames: 900))
    let expected = plain.layerByLayer()
    let own = plain.together()
    #expect(relativeDistance(own.output.values, expected.output.values) < 1e-5)
    #expect(relativeDistance(own.input.values, expected.input.values) < 2e-3)
    for objective in 0...1 {
      for parameter in plain.layout.parameters.parameters where parameter.name != "b.conv2pw.bias" {
        let (values, others) = (own.parameters[objective].values, expected.parameters[objective].values)
        let distance = relativeDistance(Array(values[parameter.range]), Array(others[parameter.range]))
        #expect(distance < 2e-3, "\(parameter.name)")
      }
    }
  }

  @Test func `the names and their order are the class's`() throws {
    let layout = try Setup().layout
    #expect(
      layout.parameters.parameters.map(\.name) == [
        "patches.weight", "patches.bias", "block.conv1.weight", "block.conv1pw.weight", "block.conv1pw.bias",
        "block.bn1.weight", "block.bn1.bias", "block.conv2.weight", "block.conv2pw.weight", "block.conv2pw.bias",
        "block.bn2.weight", "block.bn2.bias",
      ])
  }

  @Test func `inference that keeps no caches gives the same bits`() throws {
    let setup = try Setup()
    #expect(setup.output(.inference, keepsCaches: false) == setup.output(.inference))
  }

  @Test func `the bits don't depend on the number of threads`() throws {
    let setup = try Setup()
    expectSameBitsOnThreads {
      let (parameters, input) = setup.gradients(.inference)
      return [setup.output(.inference), input.values] + parameters
    }
  }

  /// The units are held as on one rank and as on three.
  @Test func `units' gradients are added in the tree's order, whoever holds them`() throws {
    let setup = try Setup()
    let whole = setup.gradients(.inference, units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<3])).parameters
    let parts = setup.gradients(.inference, units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<2, 2..<3])).parameters
    #expect(parts.count == 4)
    for objective in 0...1 {
      #expect(whole[objective] == zip(parts[2 * objective], parts[2 * objective + 1]).map { $0 + $1 })
    }
  }

  /// A batch's mean takes the bias away, but a running one does not.
  @Test func `the bias before the last normalisation has a gradient under running statistics alone`() throws {
    let setup = try Setup()
    let bias = try #require(setup.layout.parameters.parameters.first { $0.name == "block.conv2pw.bias" })
    for (mode, isZero) in [(ForwardPass.Mode.training, true), (.inference, false)] {
      for gradient in setup.gradients(mode).parameters {
        #expect(gradient[bias.range].allSatisfy { ($0 == 0) == isZero })
      }
    }
  }

  /// A step over three units whose sums are taken over all ranks, and one in which each rank holds some of them.
  @Test func `a batch's statistics are the same bits whoever holds its units`() throws {
    let units = BatchUnits(sizes: [1, 1, 1], nodes: [0..<3])
    let one = try Setup()
    let parted = try Setup()
    let whole = one.output(.training, units: units)
    // The sum of two nodes is that of the whole tree of three units.
    let own = parted.output(.training, units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<2, 2..<3]))
    #expect(own == whole && parted.statistics.values == one.statistics.values)
  }

  private struct Setup: Sendable {
    let file: Golden
    let layout: EncoderLayout
    let statistics: Matrix
    private let patches: PatchConvolution2D
    private let block: SeparableResidualBlock
    private let parameters: Matrix
    private let input: Matrix
    private let grid: Grid
    /// The gradients of the output for both objectives.
    private let directions: [Matrix]

    init() throws {
      let file = try Golden("separable")
      func size(_ name: String) throws -> Int { try #require(file.metadata[name].flatMap { Int($0) }, "\(name)") }
      var layout = EncoderLayout()
      patches = PatchConvolution2D(
        "patches", inputs: try size("inputs"), outputs: try size("channels"), groups: try size("groups"),
        kernel: (try size("kernelHeight"), try size("kernelFrames")), layout: &layout)
      block = SeparableResidualBlock("block", channels: try size("channels"), layout: &layout)
      grid = Grid(utterances: try size("utterances"), height: try size("height"), frames: try size("frames"))
      self.file = file
      self.layout = layout
      parameters = try file.flat(layout.parameters, scope: "parameter")
      statistics = try file.flat(layout.statistics, scope: "before")
      input = try file.matrix("input")
      directions = try (1...2).map { try file.matrix("output_gradient.\($0)") }
    }

    private func forward(
      _ mode: ForwardPass.Mode, keepsCaches: Bool = true, units: BatchUnits = .whole
    ) -> (output: AffineView, patches: PatchConvolution2D.Cache, block: SeparableResidualBlock.Cache) {
      let pass = ForwardPass(
        mode: mode, parameters: parameters, statistics: statistics, units: units, keepsCaches: keepsCaches)
      let (inner, cache) = patches.forward(AffineView(input.view), grid, pass)
      let (output, blockCache) = block.forward(inner, patches.outputGrid(grid), pass)
      return (output, cache, blockCache)
    }

    func output(_ mode: ForwardPass.Mode, keepsCaches: Bool = true, units: BatchUnits = .whole) -> [Float] {
      forward(mode, keepsCaches: keepsCaches, units: units).output.stored().values
    }

    /// The gradients of the parameters, for each objective and node, and those of the input.
    func gradients(
      _ mode: ForwardPass.Mode, units: BatchUnits = .whole
    ) -> (parameters: [[Float]], input: Matrix) {
      let (_, cache, blockCache) = forward(mode, units: units)
      let buffers = (0...1).map { _ in units.nodes.map { _ in Matrix.zeros(rows: 1, columns: parameters.columns) } }
      let pass = BackwardPass(parameters: parameters, gradients: buffers, units: units)
      let columns = directions[0].columns
      let gradient = Matrix(rows: directions[0].rows, columns: 2 * columns)
      for row in 0..<gradient.rows {
        for column in 0..<gradient.columns {
          gradient[row, column] = directions[column / columns][row, column % columns]
        }
      }
      let inner = Matrix(rows: gradient.rows, columns: gradient.columns)
      block.backward(gradient.view, cache: blockCache, into: inner.view, pass)
      let result = Matrix(rows: input.rows, columns: 2 * input.columns)
      patches.backward(inner.view, cache: cache, into: result.view, pass)
      return (buffers.joined().map(\.values), result)
    }

    /// An objective's columns.
    func part(_ matrix: Matrix, _ objective: Int) -> [Float] {
      let columns = matrix.columns / 2
      return (0..<matrix.rows).flatMap { row in (0..<columns).map { matrix[row, objective * columns + $0] } }
    }
  }
}

/// A residual block of separable convolutions, and the same of layers that store all that they compute.
private struct PlainBlock {
  typealias Result = (output: Matrix, input: Matrix, parameters: [Matrix])

  let layout: EncoderLayout
  private let block: SeparableResidualBlock
  private let steps: [(depthwise: DepthwiseConvolution2D, pointwise: Convolution1D, normalization: BatchNormalization)]
  private let grid: Grid
  private let parameters: Matrix
  private let input: Matrix
  private let gradient: Matrix

  init(channels: Int, grid: Grid) {
    self.grid = grid
    var layout = EncoderLayout()
    block = SeparableResidualBlock("b", channels: channels, layout: &layout)
    var other = EncoderLayout()
    steps = (1...2).map {
      (
        DepthwiseConvolution2D("conv\($0)", channels: channels, layout: &other),
        Convolution1D(ofMaps: "conv\($0)pw", inputs: channels, outputs: channels, layout: &other),
        BatchNormalization("bn\($0)", channels: channels, layout: &other)
      )
    }
    self.layout = layout
    parameters = Matrix(rows: 1, columns: layout.parameters.count)
    layout.parameters.initialise(parameters.pointer, seed: 6)
    input = LayerProbe.normal(channels, grid.columns, item: 97)
    gradient = LayerProbe.normal(channels, 2 * grid.columns, item: 98)
  }

  private var forward: ForwardPass {
    let statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.statistics.initialise(statistics.pointer, seed: 6)
    return ForwardPass(mode: .training, parameters: parameters, statistics: statistics)
  }

  private func backward() -> (pass: BackwardPass, gradients: [Matrix]) {
    let buffers = (0...1).map { _ in Matrix.zeros(rows: 1, columns: parameters.columns) }
    return (BackwardPass(parameters: parameters, gradients: buffers), buffers)
  }

  private var gradientCopy: Matrix { Matrix(rows: gradient.rows, columns: gradient.columns, gradient.values) }

  func together() -> Result {
    let (output, cache) = block.forward(AffineView(input.view), grid, forward)
    let (pass, buffers) = backward()
    let used = gradientCopy
    let result = Matrix(rows: gradient.rows, columns: gradient.columns)
    block.backward(used.view, cache: cache, into: result.view, pass)
    return (output.stored(), result, buffers)
  }

  func layerByLayer() -> Result {
    let pass = forward
    var stored: [(depthwise: DepthwiseConvolution2D.Cache, pointwise: Convolution1D.Cache, product: Matrix)] = []
    var (current, normalizations) = (input, [BatchNormalization.Cache]())
    for (index, step) in steps.enumerated() {
      let (inner, cache) = step.depthwise.forward(AffineView(current.view), grid, pass)
      let (product, pointwiseCache) = step.pointwise.forward(inner, grid, pass)
      let own = index == 0 ? rectified(product.stored()) : product.stored()
      let (normalized, normalizationCache) = step.normalization.forward(AffineView(own.view), grid, pass)
      stored.append((cache, pointwiseCache, own))
      normalizations.append(normalizationCache)
      current = normalized.stored()
    }
    let output = rectified(sum(current, input))
    let (backwardPass, buffers) = backward()
    let masked = passed(gradientCopy, output)
    var own = masked
    for (index, step) in steps.enumerated().reversed() {
      let product = Matrix(rows: own.rows, columns: own.columns, own.values)
      step.normalization.backward(product.view, cache: normalizations[index], into: product.view, backwardPass)
      let before = index == 0 ? passed(product, stored[0].product) : product
      let inner = Matrix(rows: own.rows, columns: own.columns)
      step.pointwise.backward(before.view, cache: stored[index].pointwise, into: inner.view, backwardPass)
      own = Matrix(rows: own.rows, columns: own.columns)
      step.depthwise.backward(inner.view, cache: stored[index].depthwise, into: own.view, backwardPass)
    }
    return (output, sum(own, masked), buffers)
  }

  private func rectified(_ x: Matrix) -> Matrix {
    Matrix(rows: x.rows, columns: x.columns, x.values.map { max($0, 0) })
  }

  private func sum(_ x: Matrix, _ z: Matrix) -> Matrix {
    Matrix(rows: x.rows, columns: x.columns, zip(x.values, z.values).map { $0 + $1 })
  }

  /// Both objectives' gradient where a ReLU's output is above 0, and 0 elsewhere.
  private func passed(_ gradient: Matrix, _ output: Matrix) -> Matrix {
    let result = Matrix(rows: gradient.rows, columns: gradient.columns)
    for row in 0..<result.rows {
      for column in 0..<result.columns {
        result[row, column] = output[row, column % output.columns] > 0 ? gradient[row, column] : 0
      }
    }
    return result
  }
}
