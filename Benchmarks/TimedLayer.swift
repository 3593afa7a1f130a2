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

  /// - Parameters:
  ///   - frames: of an utterance in the output; `inputFrames` in the input where they differ.
  ///   - make: lays the layer out and gives its forward pass, which gives its backward pass.
  init(
    _ name: String, utterances: Int, frames: Int, inputFrames: Int? = nil, inputs: Int, outputs: Int,
    passes: (forward: Int, backward: Int) = (0, 0), make: (inout EncoderLayout) -> Forward
  ) {
    self.name = name
    activationPasses = passes
    var layout = EncoderLayout()
    forward = make(&layout)
    parameters = Matrix(rows: 1, columns: layout.parameters.count)
    layout.parameters.initialise(parameters.pointer, seed: 1)
    gradients = Matrix.zeros(rows: 1, columns: layout.parameters.count)
    statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.statistics.initialise(statistics.pointer, seed: 1)
    var stream = RandomStream(seed: 1, purpose: .test)
    input = Matrix(rows: inputs, columns: utterances * (inputFrames ?? frames))
    // A period that no row has.
    let values = (0..<10_007).map { _ in Float(stream.normal()) }
    for index in 0..<input.count { input.pointer[index] = values[index % values.count] }
    gradient = Matrix(rows: outputs, columns: utterances * frames)
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
