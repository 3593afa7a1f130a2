import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// A disk that turns read-only, is over its quota or hangs while a run uses it.
  @Suite struct FaultyDiskTests {
    private static let steps = 20

    private func arguments(_ run: SmallRun, into name: String) -> [String] {
      run.arguments(steps: Self.steps, ["checkpoint.everySteps=4"], into: name)
    }

    /// The folder of the first checkpoint, whose coming breaks the disk.
    private func first(_ run: SmallRun) -> String { run.path("run/checkpoints/step-00000004") }

    private func whole(_ run: SmallRun) throws {
      let outcome = try svdist(arguments(run, into: "whole"), mpi: 2)
      #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// Whether the run in `run` ended as the one on a good disk did.
    private func expectSameEnd(_ run: SmallRun, sourceLocation: SourceLocation = #_sourceLocation) throws {
      for file in ["model.safetensors", "optimizer.safetensors"] {
        let expected = try run.checkpointFile(file, step: Self.steps, of: "whole")
        let found = try run.checkpointFile(file, step: Self.steps)
        #expect(found == expected, "\(file) differs", sourceLocation: sourceLocation)
      }
      #expect(run.metrics().map(\.step) == Array(1...Self.steps), sourceLocation: sourceLocation)
      #expect(run.losses() == run.losses("whole"), sourceLocation: sourceLocation)
      #expect(run.leftovers().isEmpty, sourceLocation: sourceLocation)
    }

    private func report(_ error: Int32) -> String { String(cString: strerror(error)) }

    @Test func `a file system that turns read-only costs what comes after the last checkpoint`() throws {
      try SmallRun.with { run in
        try whole(run)
        let disk = FaultyDisk(error: EROFS, path: run.path("run") + "/", from: first(run))
        let broken = try svdist(arguments(run, into: "run"), environment: disk.environment(), mpi: 2)
        expectRefusal(broken, 1, "cannot ", run.path("run"), report(EROFS), underLauncher: true)
        // It went on to its last step.
        #expect(broken.output.contains("step \(Self.steps)/\(Self.steps)"), "\(broken.output)")
        #expect(broken.output.contains("the step is not in the log: cannot write "), "\(broken.output)")
        #expect(broken.output.contains("warning: no checkpoint at step 16: "), "\(broken.output)")
        #expect(run.checkpoints() == [4])
        let resumed = try svdist(arguments(run, into: "run"), mpi: 2)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output.contains("resuming from step 4, "))
        try expectSameEnd(run)
      }
    }

    @Test func `what a quota refuses for a while is written later`() throws {
      try SmallRun.with { run in
        try whole(run)
        let disk = FaultyDisk(error: EDQUOT, path: run.path("run") + "/", from: first(run), calls: 6)
        let outcome = try svdist(arguments(run, into: "run"), environment: disk.environment(), mpi: 2)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains(report(EDQUOT)), "\(outcome.output)")
        try expectSameEnd(run)
      }
    }

    @Test func `the log alone over its quota ends the run without the checkpoint that it would lack steps of`() throws {
      try SmallRun.with { run in
        try whole(run)
        let disk = FaultyDisk(error: EDQUOT, path: "run/metrics.jsonl", from: first(run))
        let broken = try svdist(arguments(run, into: "run"), environment: disk.environment(), mpi: 2)
        expectRefusal(broken, 1, "cannot write \(run.path("run/metrics.jsonl")): ", report(EDQUOT), underLauncher: true)
        let logged = run.metrics().count
        #expect(logged >= 4 && logged < Self.steps)
        #expect(run.checkpoints().allSatisfy { $0 <= logged }, "\(run.checkpoints()), \(logged) lines")
        #expect(try svdist(arguments(run, into: "run"), mpi: 2).status == 0)
        try expectSameEnd(run)
      }
    }

    @Test func `a checkpoint on a disk that hangs does not stop training, and the next ones are left out`() throws {
      try SmallRun.with { run in
        try whole(run)
        let mended = run.path("mended")
        let disk = FaultyDisk(path: "run/checkpoints/", until: mended)
        let program = try Program("svdist", arguments(run, into: "run"), environment: disk.environment(), ranks: 2)
        try program.wait { run.metrics().count >= 9 }
        #expect(run.checkpoints().isEmpty)
        try Data().write(to: URL(fileURLWithPath: mended))
        let outcome = try program.finish()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let warning = "warning: no checkpoint at step 8: the one before is still being written; training continues"
        #expect(outcome.output.contains(warning), "\(outcome.output)")
        try FileManager.default.removeItem(atPath: mended)
        try expectSameEnd(run)
      }
    }

    @Test(arguments: [nil, 2]) func `a checkpoint on a disk that never answers does not keep a run from stopping`(
      ranks: Int?
    ) throws {
      try SmallRun.with { run in
        let disk = FaultyDisk(path: "run/checkpoints/", until: run.path("never"))
        let program = try Program(
          "svdist", run.arguments(steps: 100_000), environment: disk.environment(), ranks: ranks)
        try program.wait { run.metrics().count >= 3 }
        program.send(ranks == nil ? SIGTERM : SIGUSR1)
        expectRefusal(
          try program.finish(), 1, "did not end within 20 s of the request to stop", "without a checkpoint of step ",
          underLauncher: ranks != nil)
      }
    }

    @Test func `a line of the log on a disk that hangs holds training until it is written`() throws {
      try SmallRun.with { run in
        try whole(run)
        let mended = run.path("mended")
        let disk = FaultyDisk(path: "run/metrics.jsonl", from: first(run), until: mended)
        let program = try Program("svdist", arguments(run, into: "run"), environment: disk.environment(), ranks: 2)
        try program.wait { run.checkpoints() == [4] }
        usleep(500_000)
        #expect(run.metrics().count < Self.steps)
        try Data().write(to: URL(fileURLWithPath: mended))
        #expect(try program.finish().status == 0)
        try FileManager.default.removeItem(atPath: mended)
        try expectSameEnd(run)
      }
    }

    @Test(arguments: [nil, 2]) func `recordings on a file system that hangs end the run after the time limit`(
      ranks: Int?
    ) throws {
      try SmallRun.with { run in
        let disk = FaultyDisk(path: "/s1-u", reads: true, until: run.path("never"))
        let arguments = run.arguments(steps: 2, options: ["--timeout", "3"])
        let outcome = try svdist(arguments, environment: disk.environment(), mpi: ranks)
        // Both ranks read of every speaker; whose patience ends first is open.
        let words = ranks == nil ? "the recordings of step 1 were not read within 3 s" : "3 s"
        expectRefusal(outcome, 1, words, underLauncher: ranks != nil)
      }
    }

    @Test(arguments: [nil, 2]) func `a run folder on a read-only file system is refused`(ranks: Int?) throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 2)
        #expect(try svdist(arguments).status == 0)
        let disk = FaultyDisk(error: EROFS, path: run.path("run"))
        let refused = try svdist(arguments, environment: disk.environment(), mpi: ranks)
        expectRefusal(
          refused, 1, "the run folder \(run.path("run")) cannot be used: cannot write ", report(EROFS),
          "name another with --run-dir", underLauncher: ranks != nil)
      }
    }
  }
}
