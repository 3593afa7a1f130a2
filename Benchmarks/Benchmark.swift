import ArgumentParser
import DistTrain
import Foundation

/// Something whose cost is measured; a new one is a file and an entry in `BenchmarkCommand`. Under mpirun every rank
/// measures and the first one reports.
protocol Benchmark: ParsableCommand {
  var output: OutputOptions { get }

  /// Prepares, measures and says what was found, the same on all ranks.
  func measure(_ communicator: any Communicator) throws -> [Measure]
}

extension Benchmark {
  /// Exit status 1 where a bound is not met.
  func run() throws {
    Job.run { communicator in
      let measures = try measure(communicator)
      if communicator.rank == 0 { try output.report(measures) }
      return measures.allSatisfy(\.isMet) ? 0 : 1
    }
  }
}

struct OutputOptions: ParsableArguments {
  @Flag(help: "One line of JSON, a number for each quantity.")
  var json = false

  func report(_ measures: [Measure]) throws {
    if !json {
      for measure in measures { print(measure.line) }
      return
    }
    let numbers = Dictionary(uniqueKeysWithValues: measures.map { ($0.quantity, $0.value) })
    let data = try JSONSerialization.data(withJSONObject: numbers, options: [.sortedKeys])
    print(String(decoding: data, as: UTF8.self))
  }
}
