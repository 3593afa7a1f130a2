import ArgumentParser
import Foundation

/// `svdist-benchmark [NAME…]`: measures, and says whether the bounds are met.
@main
struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "svdist-benchmark",
    abstract: "Measures what svdist costs and compares it with bounds.",
    discussion: "Benchmarks:\n" + benchmarks.map { "  \($0.name)  \($0.summary)" }.joined(separator: "\n"))

  @Argument(help: "Which ones; all by default.")
  var names: [String] = []

  func validate() throws {
    for name in names where !benchmarks.contains(where: { $0.name == name }) {
      throw ValidationError("no benchmark \(name); there are \(benchmarks.map { $0.name }.joined(separator: ", "))")
    }
  }

  /// Exit status 1 where a bound is not met.
  func run() throws {
    var allMet = true
    for benchmark in benchmarks where names.isEmpty || names.contains(benchmark.name) {
      print("\(benchmark.name): \(benchmark.summary)")
      for measure in try benchmark.run() {
        print("  \(measure.line)")
        allMet = allMet && measure.isMet
      }
    }
    if !allMet { throw ExitCode.failure }
  }
}
