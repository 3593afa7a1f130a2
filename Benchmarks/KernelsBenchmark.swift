import ArgumentParser
import COpenBLAS
import DistTrain

/// The step's own products, each alone, and the step beside them in the same run.
struct KernelsBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "The rate of exactly the products of a step, the rate of the whole step, and the memory's bandwidth.",
    discussion: """
      Each product's time is the smaller of svdist's and of one call of OpenBLAS with one thread (fp32), with the strides \
      that the step has, weighted by how often the step does it.
      """)

  @OptionGroup var step: StepOptions
  @Flag(help: "A line for each product.")
  var each = false
  @OptionGroup var output: OutputOptions

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let training = try TrainingStep(step, communicator: communicator)
    for _ in 0..<step.warmUp { _ = try training.run() }
    let counts = try training.products()
    // Longest first, so that all ranks go through equal lists alike.
    let products = counts.sorted { ($0.key.operations * $0.value, "\($0)") > ($1.key.operations * $1.value, "\($1)") }
    var timings = products.map { TimedProduct($0.key) }
    // The operands took the step's free buffers.
    _ = try training.run()
    var steps: [Double] = []
    for _ in 0..<step.steps {
      steps.append(try training.run())
      communicator.barrier()
      for index in timings.indices { timings[index].measure(usesLibrary: step.threads == 1) }
    }
    if each && communicator.rank == 0 {
      let fastest = timings.map(\.rate).max() ?? .nan
      for timing in timings { print(timing.line(count: counts[timing.shape]!, limit: fastest)) }
    }
    var sums = [0.0, 0.0]
    for timing in timings {
      let count = Double(counts[timing.shape]!)
      sums[0] += count * Double(timing.shape.operations)
      sums[1] += count * timing.seconds
    }
    let ideal = communicator.maximum([sums[1]])[0]
    communicator.sum(&sums)
    let seconds = Seconds.median(steps)
    let bandwidth = MemoryBandwidth.measure()
    return [
      Measure(quantity: "seconds", value: seconds, unit: "s a step"),
      Measure(quantity: "operations", value: sums[0] / 1e9, unit: "GFLOP a step"),
      Measure(quantity: "ideal", value: ideal, unit: "s of products a step"),
      Measure(quantity: "products", value: sums[0] / ideal / 1e9, unit: "GFLOP/s of the products alone"),
      Measure(quantity: "step", value: sums[0] / seconds / 1e9, unit: "GFLOP/s of the whole step"),
      Measure(quantity: "ratio", value: ideal / seconds, unit: "of the products' rate", bound: .atLeast(0.85)),
      Measure(quantity: "copy", value: bandwidth.copy / 1e9, unit: "GB/s, memory to memory"),
      Measure(quantity: "scale", value: bandwidth.scale / 1e9, unit: "GB/s, in place"),
    ]
  }
}
