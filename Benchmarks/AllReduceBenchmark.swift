import ArgumentParser
import DistTrain

/// The sums over ranks and what they cost. It runs under mpirun.
struct AllReduceBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "all-reduce",
    abstract: "Sums of as many floats as C = 512 and C = 1024 have parameters, and a batch's embeddings gathered.")

  @Option(help: "Measurements.")
  var rounds = 21
  @Option(help: ArgumentHelp("Floats of a sum, instead of those two numbers.", valueName: "count"))
  var floats: [Int] = [6_190_720, 14_657_088]
  @Option(help: "Sums as for a batch of so many units, shared out to the ranks; by default of one term a rank.")
  var units: Int?
  @OptionGroup var output: OutputOptions

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let bandwidth = MemoryBandwidth.measure().copy
    var measures = floats.flatMap { sum($0, limit: bandwidth, communicator) }
    let counts = BatchCut(rows: 64, unit: 1, ranks: communicator.size).counts.map { 192 * $0 }
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
    let terms =
      units.map { BatchCut(rows: $0, unit: 1, ranks: communicator.size).shares } ?? .ranks(communicator.size)
    let nodes = terms.nodes[communicator.rank].map { _ in Matrix.zeros(rows: 1, columns: count) }
    let seconds = median(communicator) { communicator.startSum(nodes.map(\.elements), of: terms).wait() }
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
