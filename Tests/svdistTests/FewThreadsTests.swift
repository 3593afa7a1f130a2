import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// A system that starts only so many threads, as it does at a limit on them (`ulimit -u`).
  @Suite struct FewThreadsTests {
    private func environment(_ threads: Int) throws -> [String: String] {
      ["LD_PRELOAD": try Program.path(of: "libFaultyThreads.so"), "SVDIST_FAULT_THREADS": "\(threads)"]
    }

    private func arguments(_ run: SmallRun, into name: String) throws -> [String] {
      var arguments = run.arguments(steps: 6, ["checkpoint.everySteps=2"], into: name, options: ["--readers", "2"])
      let option = try #require(arguments.firstIndex(of: "--threads"))
      arguments[option + 1] = "4"
      return arguments
    }

    @Test func `a run makes do with the threads that there are, with the same bits`() throws {
      try SmallRun.with { run in
        #expect(try svdist(arguments(run, into: "whole")).status == 0)
        // The lock, the reader and the checkpoints have theirs first.
        for (threads, computing) in [(1, 1), (2, 1), (3, 1), (5, 3)] {
          let outcome = try svdist(
            arguments(run, into: "few\(threads)"), environment: environment(threads), limit: 60)
          #expect(outcome.status == 0, "\(threads): \(outcome.errors)")
          #expect(outcome.output.contains("warning: the system starts only \(computing) of the threads"))
          #expect(outcome.output.contains("too few to load batches and write checkpoints") == (threads < 3))
          #expect(run.checkpoints("few\(threads)") == run.checkpoints("whole"))
          try run.expectSame("whole", "few\(threads)", step: 6)
        }
      }
    }

    @Test func `a run without a thread for its lock ends with a line, and leaves the folder`() throws {
      try SmallRun.with { run in
        let outcome = try svdist(arguments(run, into: "run"), environment: environment(0), limit: 60)
        expectRefusal(
          outcome, 1, "the system starts no more threads (ulimit -u", "the lock of the run folder \(run.path("run"))")
        #expect(!FileSystem.exists(run.path("run/lock")))
        #expect(try svdist(arguments(run, into: "run")).status == 0)
      }
    }

    @Test func `commands other than training do all on one thread if there is no other`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 1)).status == 0)
        try run.edit("wav.scp", "s0-u0", "s0-u0 cat \(run.corpus.path)/s0-u0.wav |")
        func results(_ name: String, _ environment: [String: String]) throws -> Data {
          let commands = [
            ["prepare", run.corpus.path, "-o", run.path(name), "--allow-commands"],
            ["embed", "--encoder", run.path("run"), "--corpus", run.path(name), "--output", run.path("\(name).txt")],
          ]
          for command in commands {
            let outcome = try svdist(command, environment: environment, limit: 60)
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
          }
          return try Data(contentsOf: run.folder.appending(path: "\(name).txt"))
        }
        let expected = try results("many", [:])
        #expect(try results("none", environment(0)) == expected && !expected.isEmpty)
      }
    }
  }
}
