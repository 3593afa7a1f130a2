import ArgumentParser
import DistTrain

/// Embeddings of whole utterances of 2 to 10 s, one after another as `svdist embed` makes them, features in memory.
struct ExtractionBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "extraction",
    abstract: "Embeddings of whole utterances of 2 to 10 s, features in memory.")

  @OptionGroup var step: StepOptions
  @Option(help: "Utterances that are embedded.")
  var utterances = 200
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard utterances > 1 else { throw ValidationError("--utterances is at least 2") }
  }

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    ThreadTeam.shared.grow(to: step.threads)
    let encoder = try step.configuration().network
    let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 1)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 1)
    let pass = ForwardPass(mode: .inference, parameters: parameters, statistics: statistics, keepsCaches: false)
    var stream = RandomStream(seed: 1, purpose: .test)
    let features = (0..<utterances).map { index in
      let frames = 198 + 800 * index / (utterances - 1)
      return Matrix(
        rows: encoder.bins, columns: frames, (0..<encoder.bins * frames).map { _ in Float(stream.normal()) })
    }
    func embed(_ features: Matrix) { _ = encoder.encode(features, utterances: 1, pass) }
    for index in stride(from: 0, to: utterances, by: 50) { embed(features[index]) }
    let seconds = Seconds.of { for utterance in features { embed(utterance) } }
    return [
      Measure(quantity: "seconds", value: seconds, unit: "s for all"),
      Measure(quantity: "rate", value: Double(utterances) / seconds, unit: "utterances/s"),
      Measure(quantity: "memory", value: Double(ResidentMemory.peak) / 1e6, unit: "MB at the peak"),
    ]
  }
}
