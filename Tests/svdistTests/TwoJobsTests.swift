import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// A run folder belongs to one job.
  @Suite struct TwoJobsTests {
    @Test func `a second job on a run folder is refused with who has it, and the first one goes on`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 100_000)
        let first = try Program("svdist", arguments, ranks: 2)
        try first.wait { run.metrics().count >= 2 }
        let holder = try #require(first.process(ofRank: 0))
        for ranks in [nil, 2] {
          let second = try svdist(arguments + ["--restart"], mpi: ranks)
          expectRefusal(
            second, 1, "the run folder \(run.path("run")) is in use by process \(holder) on ", "which has had it for ",
            underLauncher: ranks != nil)
        }
        let before = run.metrics().count
        try first.wait { run.metrics().count >= before + 2 }
        first.send(SIGUSR1)
        #expect(try first.finish().status == 75)
        #expect(run.metrics().map(\.step) == Array(1...run.metrics().count))
        #expect(!FileManager.default.fileExists(atPath: run.path("run/lock")))
      }
    }

    @Test func `a run that was killed leaves its folder to the next one at once`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 40, ["checkpoint.everySteps=5"])
        let first = try Program("svdist", arguments, ranks: 2)
        try first.wait { !run.checkpoints().isEmpty }
        first.killAll()
        _ = try first.finish()
        #expect(FileManager.default.fileExists(atPath: run.path("run/lock")))
        let second = try svdist(arguments, mpi: 2)
        #expect(second.status == 0, "\(second.errors)")
        #expect(second.output.contains("run/lock is left over from a run that has ended, process "))
        #expect(second.output.contains("resuming from step "))
        #expect(!FileManager.default.fileExists(atPath: run.path("run/lock")))
        #expect(run.leftovers().isEmpty)
      }
    }

    @Test func `a job that waits for another host's lock hears a request to stop`() throws {
      try SmallRun.with { run in
        try FileSystem.createFolder(run.path("run"))
        var other = LockHolder.mine()
        other.host = "elsewhere"
        try JSONEncoder().encode(other).write(to: URL(fileURLWithPath: run.path("run/lock")))
        let program = try Program("svdist", run.arguments(steps: 4))
        try program.wait { program.output.contains("1 rank on 1 host") }
        program.send(SIGTERM)
        expectRefusal(try program.finish(), 75, "stopped by SIGTERM while it waited for \(run.path("run/lock"))")
        #expect(FileManager.default.fileExists(atPath: run.path("run/lock")))
      }
    }

    @Test func `a folder of something else is no run folder`() throws {
      try SmallRun.with { run in
        try FileSystem.createFolder(run.path("thesis"))
        try Data("x".utf8).write(to: URL(fileURLWithPath: run.path("thesis/chapter.tex")))
        for ranks in [nil, 2] {
          expectRefusal(
            try svdist(run.arguments(steps: 2, into: "thesis"), mpi: ranks), 64, "holds 'chapter.tex' and is not a run",
            underLauncher: ranks != nil)
        }
        #expect(try FileSystem.names(in: run.path("thesis")) == ["chapter.tex"])
      }
    }

    @Test func `a folder with another program's log is refused even with --restart, and the log stays`() throws {
      try SmallRun.with { run in
        try FileSystem.createFolder(run.path("other"))
        let log = URL(fileURLWithPath: run.path("other/metrics.jsonl"))
        try Data("{\"loss\":1}\n".utf8).write(to: log)
        expectRefusal(
          try svdist(run.arguments(steps: 2, into: "other", options: ["--restart"])), 64,
          "holds 'metrics.jsonl', which is no run's")
        #expect(try Data(contentsOf: log) == Data("{\"loss\":1}\n".utf8))
      }
    }

    @Test(arguments: [0, 100, 1000])
    func `an index that is cut while it is in use ends the run with one line`(bytes: off_t) throws {
      try SmallRun.with { run in
        #expect(try svdist(["prepare", run.corpus.path, "-o", run.path("data")]).status == 0)
        let index = run.path("data/corpus.index")
        let program = try Program(
          "svdist", run.arguments(steps: 10_000_000, ["corpus.train=\(run.path("data"))"]))
        try program.wait { run.metrics().count >= 2 }
        try #require(try InputFile(path: index).bytes > Int(bytes))
        try #require(truncate(index, bytes) == 0)
        expectRefusal(try program.finish(), 65, "\(index) can no longer be read")
      }
    }

    @Test func `a run that fails gives its folder back`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 2)
        #expect(try svdist(arguments).status == 0)
        expectRefusal(try svdist(arguments + ["--set", "seed=2"], mpi: 2), 64, "seed was 1", underLauncher: true)
        #expect(!FileManager.default.fileExists(atPath: run.path("run/lock")))
      }
    }

    @Test(arguments: [nil, 2] as [Int?])
    func `a run whose folder is moved ends with a checkpoint there, and goes on from it`(
      ranks: Int?
    ) throws {
      try SmallRun.with { run in
        let program = try Program("svdist", run.arguments(steps: 10_000_000), ranks: ranks)
        try program.wait { run.metrics().count >= 2 }
        try FileSystem.rename(run.path("run"), to: run.path("kept"))
        let outcome = try program.finish()
        expectRefusal(
          outcome, 1, "the run folder \(run.path("run")) was moved to ", "/kept while it was in use",
          "whose checkpoint is there", underLauncher: ranks != nil)
        #expect(!FileSystem.exists(run.path("run")) && !FileSystem.exists(run.path("kept/lock")))
        let steps = run.metrics("kept").map(\.step)
        let last = try #require(steps.last)
        #expect(steps == Array(1...last) && run.checkpoints("kept").last == last)
        #expect(outcome.complaints.first?.contains("after step \(last)") == true)
        let resumed = try svdist(
          run.arguments(steps: last + 2, into: "kept", options: ["--allow-change", "training"]), mpi: ranks)
        #expect(resumed.status == 0 && resumed.output.contains("resuming from step \(last)"), "\(resumed.errors)")
      }
    }

    @Test func `a run whose folder is removed ends with a checkpoint in a new one`() throws {
      try SmallRun.with { run in
        let program = try Program("svdist", run.arguments(steps: 10_000_000))
        try program.wait { run.metrics().count >= 2 }
        try FileSystem.rename(run.path("run"), to: run.path("gone"))
        try FileSystem.remove(run.path("gone"))
        let outcome = try program.finish()
        expectRefusal(
          outcome, 1, "the run folder \(run.path("run")) was removed while it was in use", "the same command resumes")
        let step = try #require(run.checkpoints().last)
        #expect(!FileSystem.exists(run.path("run/lock")) && FileSystem.exists(run.path("run/config.yaml")))
        let resumed = try svdist(run.arguments(steps: step + 2, options: ["--allow-change", "training"]))
        #expect(resumed.status == 0 && resumed.output.contains("resuming from step \(step)"), "\(resumed.errors)")
      }
    }

    @Test func `a lock and a log that are removed are there again, with a warning`() throws {
      try SmallRun.with { run in
        let program = try Program("svdist", run.arguments(steps: 10_000_000))
        try program.wait { run.metrics().count >= 2 }
        try FileSystem.remove(run.path("run/metrics.jsonl"))
        try FileSystem.remove(run.path("run/lock"))
        try program.wait { program.output.contains("run/lock was removed and is put back") }
        expectRefusal(try svdist(run.arguments(steps: 2)), 1, "is in use by process ")
        program.send(SIGTERM)
        let outcome = try program.finish()
        #expect(outcome.status == 75, "\(outcome.errors)")
        #expect(outcome.output.contains("run/metrics.jsonl was removed while it was in use: it begins anew with step "))
        let steps = run.metrics().map(\.step)
        #expect(steps.last == run.checkpoints().last && steps == Array((steps.first ?? 0)...(steps.last ?? 0)))
        #expect(!FileSystem.exists(run.path("run/lock")))
      }
    }

    @Test func `a run whose folder another process took ends, and leaves that one's lock alone`() throws {
      try SmallRun.with { run in
        let program = try Program("svdist", run.arguments(steps: 10_000_000), ranks: 2)
        try program.wait { run.metrics().count >= 2 }
        var other = LockHolder.mine()
        other.host = "elsewhere"
        let lock = URL(fileURLWithPath: run.path("run/lock"))
        try JSONEncoder().encode(other).write(to: lock, options: .atomic)
        let outcome = try program.finish()
        expectRefusal(outcome, 1, "another process took the run folder \(run.path("run"))", underLauncher: true)
        #expect(try JSONDecoder().decode(LockHolder.self, from: Data(contentsOf: lock)) == other)
      }
    }
  }
}
