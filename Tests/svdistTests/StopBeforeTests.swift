import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// The job's time limit.
  @Suite struct StopBeforeTests {
    @Test func `a run stops with a checkpoint before the time it is given`() throws {
      try SmallRun.with { run in
        let outcome = try svdist(run.arguments(steps: 10_000_000, options: ["--stop-before", "12s"]), mpi: 2)
        #expect(outcome.status == 75, "\(outcome.errors)")
        #expect(outcome.output.contains("stops with a checkpoint before 20"))
        let step = try #require(run.metrics().last?.step)
        #expect(outcome.output.contains("stopped before the time limit (--stop-before 12s) after step \(step)"))
        #expect(run.checkpoints().last == step)
      }
    }

    @Test func `Slurm's limit counts by itself, and none switches it off`() throws {
      try SmallRun.with { run in
        let environment = [
          "SLURM_JOB_ID": "77", "SLURM_JOB_END_TIME": "\(Int(Date().timeIntervalSince1970) + 12)",
        ]
        let outcome = try svdist(run.arguments(steps: 10_000_000), environment: environment)
        #expect(outcome.status == 75, "\(outcome.errors)")
        #expect(outcome.output.contains("stopped before the time limit (Slurm job 77) after step "))
        let other = try svdist(
          run.arguments(steps: 20, into: "other", options: ["--stop-before", "none"]), environment: environment)
        #expect(other.status == 0, "\(other.errors)")
      }
    }

    @Test func `a time that is none is wrong usage`() throws {
      try SmallRun.with { run in
        expectRefusal(
          try svdist(run.arguments(steps: 2, options: ["--stop-before", "soon"])), 64, "--stop-before soon", "12:00:00")
        #expect(!FileManager.default.fileExists(atPath: run.path("run")))
      }
    }
  }
}
