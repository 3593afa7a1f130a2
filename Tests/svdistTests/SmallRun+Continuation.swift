import DistTrain
import Foundation
import Testing

extension SmallRun {
  /// The way in which a run ends before its last step.
  enum End { case asked, killed }

  /// Starts a run and ends it on its way, after a step of its own choice or after a checkpoint.
  func interrupt(_ arguments: [String], steps: Int, ranks: Int?, end: End) throws {
    let program = try Program("svdist", arguments, ranks: ranks)
    switch end {
    case .asked:
      try program.wait { metrics().count >= 5 }
      program.send(SIGUSR1)
      let outcome = try program.finish()
      #expect(outcome.status == 75, "\(outcome.output)\(outcome.errors)")
      #expect(checkpoints().last == metrics().last?.step)
    case .killed:
      try program.wait { checkpoints().count >= 1 && metrics().count >= 10 }
      program.killAll()
      _ = try program.finish()
      #expect(!checkpoints().isEmpty)
    }
    #expect(metrics().count < steps)
  }

  /// The lines of the run's history.
  func starts() throws -> [RunHistory.Start] {
    try String(contentsOfFile: path("run/history.jsonl"), encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(RunHistory.Start.self, from: Data($0.utf8))
    }
  }
}
