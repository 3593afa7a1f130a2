import ArgumentParser
import DistTrain

/// What the ranks spend on each other. Under mpirun.
struct AllReduceBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "all-reduce",
    abstract: "Sums of as many floats as C = 512 and C = 1024 have parameters, and a batch's embeddings gathered.")

  @Option(help: "Measurements.")
  var rounds = 21
  @OptionGroup var output: OutputOptions

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let bandwidth = MemoryBandwidth.measure().copy
    var measures = [6_190_720, 14_657_088].flatMap { sum($0, limit: bandwidth, communicator) }
    let counts = (0..<communicator.size).map {
      192 * SpeakerBatchSampler.rows(of: $0, size: communicator.size, count: 64).count
    }
    let own = Matrix.zeros(rows: 1, columns: counts[communicator.rank])
    let all = Matrix.zeros(rows: 64, columns: 192)
    let seconds = median(communicator) {
      communicator.gather(UnsafeBufferPointer(own.elements), counts: counts, into: all.elements)
    }
    measures.append(Measure(quantity: "gather of 64 × 192", value: seconds * 1e3, unit: "ms"))
    return measures
  }

  /// - Parameter limit: bytes a second that memory is copied with.
  private func sum(_ count: Int, limit: Double, _ communicator: any Communicator) -> [Measure] {
    let values = Matrix.zeros(rows: 1, columns: count)
    let seconds = median(communicator) { communicator.sum(values.elements) }
    let name = "sum of \(count) floats"
    let speed = Double(count * MemoryLayout<Float>.stride) / seconds
    return [
      Measure(quantity: name, value: seconds * 1e3, unit: "ms"),
      Measure(quantity: "\(name), speed", value: speed / 1e9, unit: "GB/s of a rank's buffer"),
      Measure(
        quantity: "\(name), limit", value: speed / limit, unit: "of the rate at which memory is copied"),
    ]
  }

  /// The slowest rank's median.
  private func median(_ communicator: any Communicator, _ body: () -> Void) -> Double {
    communicator.barrier()
    let seconds = Seconds.median(rounds: rounds) {
      communicator.barrier()
      body()
    }
    return communicator.maximum([seconds])[0]
  }
}
