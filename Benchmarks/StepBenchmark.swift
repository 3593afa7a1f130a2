import ArgumentParser
import DistTrain

/// A whole training step on features in memory, or on recordings.
struct StepBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "An encoder's training step: forward, both objectives, backward, Adam.",
    discussion: """
      Operations are counted while one step runs: two for each term of each product that it asks for, of all ranks. So \
      forward, weight gradients and input gradients count as often as they are computed, and nothing else does. Bytes are \
      those of these products' factors and results, once each.
      """)

  @OptionGroup var step: StepOptions
  @Flag(
    help: "Read the rows from generated recordings: decoding, crop and filter bank beside the step, one thread a rank.")
  var recordings = false
  @Flag(help: "Lay augmentation over all rows that are read: noise over 60 %, speeds, volume, SpecAugment.")
  var augmented = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if augmented, !recordings { throw ValidationError("--augmented changes what --recordings reads: give both") }
  }

  private func augmentation(_ folder: RecordingFolder) -> [String] {
    [
      "views.augmented=[true]", "augmentation={noise: \(folder.path), probability: 0.6}",
      "augmentation={speed: {factors: [0.9, 1, 1.1]}, volume: {probability: 0.5}, specAugment: {probability: 0.6}}",
    ]
  }

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let folder = recordings ? try RecordingFolder(seconds: 4) : nil
    let training = try TrainingStep(
      step, recordings: folder?.files ?? [], settings: augmented ? folder.map(augmentation) ?? [] : [],
      communicator: communicator)
    for _ in 2..<max(step.warmUp, 2) { _ = try training.run() }
    let products = try training.products()
    var work = [
      products.reduce(0.0) { $0 + Double($1.key.operations * $1.value) },
      products.reduce(0.0) { $0 + Double($1.key.bytes * $1.value) },
    ]
    communicator.sum(&work)
    let run = recordings ? training.runFromRecordings : training.run
    // The first one that reads finds nothing read ahead.
    _ = try run()
    let seconds = Seconds.median(try (0..<step.steps).map { _ in try run() })
    let memory = communicator.maximum([Double(ResidentMemory.peak)])[0]
    communicator.barrier()
    var limit = [ProductRate.measure(size: step.channels, columns: step.rows * step.frames / communicator.size)]
    communicator.sum(&limit)
    return [
      Measure(quantity: "seconds", value: seconds, unit: "s a step"),
      Measure(quantity: "rate", value: Double(step.rows) / seconds, unit: "utterances/s"),
      Measure(quantity: "operations", value: work[0] / 1e9, unit: "GFLOP"),
      Measure(quantity: "bytes", value: work[1] / 1e9, unit: "GB that products read and write"),
      Measure(quantity: "speed", value: work[0] / seconds / 1e9, unit: "GFLOP/s"),
      Measure(quantity: "limit", value: work[0] / seconds / limit[0], unit: "of the rate of a large fp32 product"),
      Measure(quantity: "memory", value: memory / 1e6, unit: "MB at a rank's peak"),
    ]
  }
}
