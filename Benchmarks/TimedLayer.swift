import DistTrain

/// A layer on activations of its own.
struct TimedLayer {
  typealias Backward = (Matrix, BackwardPass) -> Void
  typealias Forward = (Matrix, ForwardPass) -> Backward

  struct Pass {
    let name: String
    let seconds: Double
    let operations: Int
    let bytes: Int
  }

  let name: String
  private let forward: Forward
  private let input: Matrix
  private let gradient: Matrix
  private let parameters: Matrix
  private let gradients: Matrix
  private let statistics: Matrix
  /// Times that the activations are read or written, forward and backward; 0 where products are the limit.
  private let activationPasses: (forward: Int, backward: Int)

  /// A layer's own passes.
  /// - Parameters:
  ///   - view: how the layer reads its input.
  ///   - make: lays the layer out.
  init<Timed: Layer>(
    _ name: String, _ grid: Grid, passes: (forward: Int, backward: Int) = (0, 0),
    view: @escaping (Matrix) -> AffineView = { AffineView($0.view) }, make: (inout EncoderLayout) -> Timed
  ) {
    var layout = EncoderLayout()
    let layer = make(&layout)
    self.init(
      name, layout, grid, inputs: layer.inputs, outputs: layer.outputs, outputGrid: layer.outputGrid(grid),
      passes: passes
    ) { input, pass in
      let (_, cache) = layer.forward(view(input), grid, pass)
      return { gradient, pass in
        let result = Matrix(rows: layer.inputs, columns: grid.columns)
        layer.backward(gradient.view, cache: cache, into: result.view, pass)
      }
    }
  }

  /// - Parameters:
  ///   - layout: of the layer.
  ///   - forward: the layer's forward pass, which gives its backward pass.
  init(
    _ name: String, _ layout: EncoderLayout, _ grid: Grid, inputs: Int, outputs: Int, outputGrid: Grid,
    passes: (forward: Int, backward: Int) = (0, 0), forward: @escaping Forward
  ) {
    self.name = name
    self.forward = forward
    activationPasses = passes
    parameters = Matrix(rows: 1, columns: layout.parameters.count)
    layout.parameters.initialise(parameters.pointer, seed: 1)
    gradients = Matrix.zeros(rows: 1, columns: layout.parameters.count)
    statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.statistics.initialise(statistics.pointer, seed: 1)
    var stream = RandomStream(seed: 1, purpose: .test)
    input = Matrix(rows: inputs, columns: grid.columns)
    // A period that no row has.
    let values = (0..<10_007).map { _ in Float(stream.normal()) }
    for index in 0..<input.count { input.pointer[index] = values[index % values.count] }
    gradient = Matrix(rows: outputs, columns: outputGrid.columns)
  }

  func passes(rounds: Int) -> [Pass] {
    let forwardPass = ForwardPass(mode: .training, parameters: parameters, statistics: statistics)
    let backwardPass = BackwardPass(parameters: parameters, gradients: [gradients])
    let bytes = input.count * MemoryLayout<Float>.stride
    var times: [[Double]] = [[], []]
    var operations = [0, 0]
    for round in 0...rounds {
      var backward: Backward?
      refill()
      let forwardSeconds = Seconds.of { backward = forward(input, forwardPass) }
      let backwardSeconds = Seconds.of { backward?(gradient, backwardPass) }
      if round > 0 {
        times[0].append(forwardSeconds)
        times[1].append(backwardSeconds)
      } else {
        operations[0] = count { backward = forward(input, forwardPass) }
        refill()
        operations[1] = count { backward?(gradient, backwardPass) }
      }
    }
    return [
      Pass(
        name: "forward", seconds: Seconds.median(times[0]), operations: operations[0],
        bytes: activationPasses.forward * bytes),
      Pass(
        name: "backward", seconds: Seconds.median(times[1]), operations: operations[1],
        bytes: activationPasses.backward * bytes),
    ]
  }

  /// Backward overwrites gradients.
  private func refill() {
    for index in 0..<gradient.count { gradient.pointer[index] = Float(index % 1009) / 1009 - 0.5 }
  }

  private func count(_ body: () -> Void) -> Int {
    ProductTrace.products(of: body).reduce(0) { $0 + $1.key.operations * $1.value }
  }
}
