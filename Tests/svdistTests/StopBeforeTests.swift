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

    /// Runs with a command `scontrol` that is this script.
    private func train(
      _ run: SmallRun, steps: Int, into folder: String, scontrol script: String, _ environment: [String: String]
    ) throws -> Outcome {
      try withTemporaryFolder { programs in
        let path = programs.appending(path: "scontrol")
        try "#!/bin/sh\n\(script)\n".write(to: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.path)
        var all = environment
        all["PATH"] = "\(programs.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
        return try svdist(run.arguments(steps: steps, into: folder), environment: all)
      }
    }

    @Test func `where Slurm sets no end, scontrol is asked for it, in seconds`() throws {
      try SmallRun.with { run in
        let asked = """
          [ "$SLURM_TIME_FORMAT $*" = "%s show job --oneliner 77" ] || exit 3
          echo "JobId=77 ArrayJobId=70 EndTime=\(Int(Date().timeIntervalSince1970) + 14) Deadline=N/A"
          """
        let outcome = try train(run, steps: 10_000_000, into: "a", scontrol: asked, ["SLURM_JOB_ID": "77"])
        #expect(outcome.status == 75, "\(outcome.errors)")
        #expect(outcome.output.contains("stopped before the time limit (Slurm job 77) after step "))
        let other = try train(run, steps: 20, into: "b", scontrol: asked, ["SLURM_JOB_ID": "78"])
        #expect(other.status == 0 && other.output.contains("Slurm job 78: its end is not known"), "\(other.output)")
      }
    }

    @Test(arguments: ["exit 1", "exec sleep 60", "echo; echo JobId=77 EndTime=Unknown"])
    func `without an answer in time a run goes on`(script: String) throws {
      try SmallRun.with { run in
        let outcome = try train(run, steps: 4, into: "a", scontrol: script, ["SLURM_JOB_ID": "77"])
        #expect(outcome.status == 0 && outcome.output.contains("--stop-before TIME"), "\(outcome.output)")
      }
    }

    @Test func `a limit that was moved is asked for before it stops the run`() throws {
      try SmallRun.with { run in
        let environment = ["SLURM_JOB_ID": "77", "SLURM_JOB_END_TIME": "\(Int(Date().timeIntervalSince1970) + 5)"]
        let moved = "echo JobId=77 EndTime=\(Int(Date().timeIntervalSince1970) + 5000)"
        let outcome = try train(run, steps: 20, into: "a", scontrol: moved, environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("the end of Slurm job 77 has moved: stops with a checkpoint before"))
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
