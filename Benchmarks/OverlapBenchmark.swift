import ArgumentParser
import DistTrain
import Foundation

/// The part of their gradients' sums that ranks hide behind the backward pass, between themselves and over a slower
/// link.
///
/// Steps with and without overlap take turns, so that what else the machine does meets both.
struct OverlapBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "overlap",
    abstract: "Steps of several ranks with gradients summed beside the backward pass, and not; under mpirun.")

  @OptionGroup var output: OutputOptions

  /// A way to sum, and what its steps took.
  private struct Row {
    /// Milliseconds that each sum occupies the link in addition.
    let delay: Double
    let overlaps: Bool
    /// Medians in milliseconds.
    var step = 0.0
    var exposed = 0.0
    var hidden = 0.0

    var line: String {
      let link = delay == 0 ? "the machine's own link" : String(format: "each sum %g ms longer", delay)
      return String(
        format: "  %@, %@: step %.1f ms, communication %.1f ms exposed, %.1f ms hidden", link,
        overlaps ? "overlapped" : "waited for", step, exposed, hidden)
    }
  }

  private static var ways: [Row] {
    [0, 20].flatMap { delay in [false, true].map { Row(delay: delay, overlaps: $0) } }
  }

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let rows = try Self.rows(communicator)
    for row in rows where communicator.rank == 0 && !output.json { print(row.line) }
    return [
      Measure(
        quantity: "step overlapped / waited for", value: rows[1].step / rows[0].step, unit: "×", bound: .atMost(1.03)),
      Measure(
        quantity: "share of the slower link's time that stays exposed",
        value: (rows[3].exposed - rows[1].exposed) / (rows[2].exposed - rows[0].exposed), unit: "×",
        bound: .atMost(0.25)),
    ]
  }

  /// Medians of warm steps, way after way in turn.
  private static func rows(_ communicator: any Communicator, rounds: Int = 8) throws -> [Row] {
    let link = DelayedCommunicator(communicator, delay: 0)
    let step = try steps(link)
    var taken = ways.map { _ in [StepMetrics]() }
    for round in -2..<rounds {
      for (index, way) in ways.enumerated() where round >= 0 || index < 2 {
        link.delay = way.delay / 1000
        link.overlaps = way.overlaps
        communicator.barrier()
        let metrics = try step()
        if round >= 0 { taken[index].append(metrics) }
      }
    }
    return zip(ways, taken).map { way, metrics in
      var row = way
      row.step = median(metrics.map(\.totalSeconds))
      row.exposed = median(metrics.map(\.communicateSeconds))
      row.hidden = median(metrics.map(\.overlappedSeconds))
      return row
    }
  }

  /// A step on features in memory, the same each time it is called.
  private static func steps(_ communicator: any Communicator) throws -> () throws -> StepMetrics {
    let (rows, frames, speakers) = (64, 200, 1211)
    let configuration = try Configuration.load(
      file: nil,
      overrides: [
        "encoder.channels=512", "batch.speakers=\(rows / 2)", "batch.views=1", "views.augmented=[false]",
        "training.steps=1000",
      ])
    let corpus = Corpus(
      (0..<2 * speakers).map {
        ListedUtterance(id: "s\(10_000 + $0 / 2)/u\($0 % 2)", speaker: "s\(10_000 + $0 / 2)", path: "none", seconds: 2)
      })
    let trainer = Trainer(
      encoder: configuration.network, plan: try TrainingPlan(configuration, corpus: corpus),
      communicator: communicator)
    var stream = RandomStream(seed: 1, purpose: .test, item: communicator.rank)
    let bins = configuration.features.bins
    let columns = trainer.batches.cut(rows: rows).rows(of: communicator.rank).count * frames
    let features = Matrix(rows: bins, columns: columns, (0..<bins * columns).map { _ in Float(stream.normal()) })
    return { try trainer.learn(features, speakers: (0..<rows).map { $0 / 2 * 7 % speakers }) }
  }

  private static func median(_ seconds: [Double]) -> Double {
    let sorted = seconds.sorted()
    return 500 * (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2])
  }
}
