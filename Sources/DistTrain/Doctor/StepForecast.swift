import Foundation

/// The time of a job's steps, foretold from a rehearsal and the network.
package struct StepForecast: Sendable {
  package let rehearsal: StepRehearsal
  package let network: JobNetwork
  /// The threads of each rank.
  package let threads: Int
  /// The rows of the global batch.
  package let rows: Int
  /// The seconds in which a rank computes a step.
  package let computing: Double
  /// The seconds in which it waits for batch statistics, embeddings and weights.
  package let waiting: Double
  /// The seconds in which it waits for sums of gradients that computation does not hide.
  package let summing: Double

  /// - Parameter speed: the speed of a rank there over that of a rank here.
  package init(_ rehearsal: StepRehearsal, _ network: JobNetwork, threads: Int, rows: Int, speed: Double = 1) {
    self.rehearsal = rehearsal
    self.network = network
    self.threads = threads
    self.rows = rows
    computing = rehearsal.seconds / speed
    (waiting, summing) = network.waiting(rehearsal.operations.map { $0.slowed(by: 1 / speed) })
  }

  /// The seconds of a step.
  package var step: Double { computing + waiting + summing }
  package var utterancesPerSecond: Double { Double(rows) / step }
  /// The share of a step in which ranks compute, from 0 to 1.
  package var efficiency: Double { computing / step }
  package var cores: Int { rehearsal.ranks * threads }

  /// The hours of a training of so many steps, evaluations and checkpoints left out.
  package func hours(steps: Int) -> Double { step * Double(steps) / 3600 }
}
