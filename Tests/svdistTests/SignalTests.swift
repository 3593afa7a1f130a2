import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Requests to stop, by signals.
  @Suite struct SignalTests {
    @Test func `SIGUSR1 to mpirun leaves a checkpoint and status 75, and the same command resumes from there`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 60)
        let program = try Program("svdist", arguments, ranks: 2)
        try program.wait { run.metrics().count >= 4 }
        program.send(SIGUSR1)
        let outcome = try program.finish()
        #expect(outcome.status == 75, "\(outcome.errors)")
        let step = try #require(run.metrics().last?.step)
        #expect(step < 60)
        #expect(outcome.output.contains("stopped by SIGUSR1 after step \(step)"))
        #expect(outcome.complaints.isEmpty, "\(outcome.errors)")
        #expect(run.checkpoints() == [step])
        let resumed = try svdist(arguments, mpi: 2)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output.contains("resuming from step \(step)"))
        #expect(run.metrics().map(\.step) == Array(1...60))
      }
    }

    @Test func `SIGTERM to an mpirun that leaves its ranks time makes a checkpoint, and the run goes on from it`()
      throws
    {
      try SmallRun.with { run in
        // Open MPI passes SIGTERM on after this many seconds and kills after as many again: no run of few steps lasts.
        let arguments = run.arguments(steps: 100_000)
        let program = try Program(
          "svdist", arguments, environment: ["OMPI_MCA_odls_base_sigkill_timeout": "4"], ranks: 2)
        try program.wait { run.metrics().count >= 4 }
        program.send(SIGTERM)
        let outcome = try program.finish()
        #expect(outcome.status != 0)
        let step = try #require(run.metrics().last?.step)
        #expect(outcome.output.contains("stopped by SIGTERM after step \(step)"), "\(outcome.errors)")
        #expect(run.checkpoints().last == step)
        #expect(run.leftovers().isEmpty)
        let resumed = try Program("svdist", arguments, ranks: 2)
        try resumed.wait { run.metrics().count >= step + 2 }
        resumed.send(SIGUSR1)
        let end = try resumed.finish()
        #expect(end.status == 75, "\(end.errors)")
        #expect(end.output.contains("resuming from step \(step)"))
        #expect(run.metrics().map(\.step) == Array(1...run.metrics().count))
      }
    }

    @Test func `a configuration that is a pipe is waited for until a signal, or its writer, comes`() throws {
      try SmallRun.with { run in
        let (pipe, arguments) = (run.path("c.yaml"), run.arguments(steps: 2) + ["--config", run.path("c.yaml")])
        try #require(mkfifo(pipe, 0o600) == 0)
        /// Opens the pipe once a program reads it.
        func writer(to program: Program) throws -> FileHandle {
          var descriptor: Int32 = -1
          try program.wait {
            descriptor = open(pipe, O_WRONLY | O_NONBLOCK)
            return descriptor >= 0
          }
          try #require(descriptor >= 0, "\(program.errors)")
          return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        }
        let program = try Program("svdist", arguments)
        let silent = try writer(to: program)
        program.send(SIGTERM)
        let outcome = try program.finish()
        try silent.close()
        #expect(outcome.status == 75 && outcome.complaints.count == 1, "\(outcome.errors)")
        #expect(outcome.complaints.first?.contains("while it waited for somebody to write to \(pipe)") == true)
        #expect(!FileManager.default.fileExists(atPath: run.path("run")))
        let second = try Program("svdist", arguments)
        let talking = try writer(to: second)
        try talking.write(contentsOf: Data("seed: 77\n".utf8))
        try talking.close()
        let end = try second.finish()
        #expect(end.status == 0 && end.output.contains("seed: 77\n"), "\(end.errors)")
      }
    }

    @Test func `a pipe in the place of a run's own settings is refused at once`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 2)).status == 0)
        try FileSystem.remove(run.path("run/config.yaml"))
        try #require(mkfifo(run.path("run/config.yaml"), 0o600) == 0)
        expectRefusal(try svdist(run.arguments(steps: 4)), 64, "run/config.yaml: is a pipe or a device", "remove it")
      }
    }

    @Test(arguments: [SIGINT, SIGTERM]) func `a signal to the lone program stops it after its step`(
      signal: Int32
    ) throws {
      try SmallRun.with { run in
        let program = try Program("svdist", run.arguments(steps: 60))
        try program.wait { run.metrics().count >= 4 }
        program.send(signal)
        let outcome = try program.finish()
        #expect(outcome.status == 75, "\(outcome.errors)")
        #expect(run.checkpoints() == [run.metrics().count])
        #expect(run.metrics().count < 60)
        #expect(outcome.errors.contains("stopping after this step") == (signal == SIGINT))
      }
    }

    @Test func `a second SIGINT ends the program at once`() throws {
      try SmallRun.with { run in
        // A step of many seconds.
        let settings = ["encoder.channels=512", "crop.seconds=20"]
        let program = try Program("svdist", run.arguments(steps: 60, settings))
        try program.wait { program.output.contains("1 rank on 1 host") }
        program.send(SIGINT)
        try program.wait { program.errors.contains("stopping after this step") }
        program.send(SIGINT)
        let outcome = try program.finish()
        #expect(outcome.status == 130, "\(outcome.output)")
        #expect(run.checkpoints().isEmpty)
      }
    }

    @Test(arguments: [1, 2]) func `a signal to any one rank stops all of them with a checkpoint`(rank: Int) throws {
      try SmallRun.with { run in
        let program = try Program("svdist", run.arguments(steps: 100_000), ranks: 3)
        try program.wait { run.metrics().count >= 4 }
        #expect(program.send(rank == 1 ? SIGUSR1 : SIGTERM, toRank: rank))
        let outcome = try program.finish()
        #expect(outcome.status == 75, "\(outcome.errors)")
        #expect(outcome.output.contains("stopped by \(rank == 1 ? "SIGUSR1" : "SIGTERM") after step "))
        #expect(run.checkpoints().last == run.metrics().last?.step)
      }
    }

    @Test func `what follows the first signal, as batch systems send it, does not end the save`() throws {
      try SmallRun.with { run in
        let program = try Program("svdist", run.arguments(steps: 100_000))
        try program.wait { run.metrics().count >= 4 }
        for signal in [SIGUSR1, SIGTERM, SIGUSR1, SIGINT, SIGTERM] { program.send(signal) }
        let outcome = try program.finish()
        #expect(outcome.status == 75, "\(outcome.errors)")
        #expect(run.checkpoints().last == run.metrics().last?.step)
        #expect(run.leftovers().isEmpty)
      }
    }

    @Test func `a second SIGINT ends the program at once, whatever came between`() throws {
      try SmallRun.with { run in
        let program = try Program("svdist", run.arguments(steps: 60, ["encoder.channels=512", "crop.seconds=20"]))
        try program.wait { program.output.contains("1 rank on 1 host") }
        program.send(SIGINT)
        try program.wait { program.errors.contains("stopping after this step") }
        program.send(SIGTERM)
        program.send(SIGINT)
        #expect(try program.finish().status == 130)
      }
    }

    @Test func `a signal during an evaluation ends that, and the run that goes on does it again`() throws {
      try SmallRun.with { run in
        let held = run.folder.appending(path: "held")
        try GeneratedCorpus.write(to: held, speakers: 3, utterances: 40, seconds: 4)
        try GeneratedCorpus.writeTrials(to: held, speakers: 3, utterances: 40)
        let arguments = run.arguments(
          steps: 1,
          ["corpus.evaluation=\(held.path)", "corpus.trials=\(held.path)/trials", "encoder.channels=256"])
        let program = try Program("svdist", arguments)
        try program.wait { program.output.contains("1 rank on 1 host") }
        program.send(SIGUSR1)
        let outcome = try program.finish()
        #expect(outcome.status == 75, "\(outcome.errors)")
        #expect(outcome.output.contains("stopped by SIGUSR1 after step 0"))
        #expect(!outcome.output.contains("EER"))
        #expect(run.checkpoints() == [0] && run.metrics().isEmpty)
        let resumed = try svdist(arguments)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output.contains("step 0/1  held-out EER") && resumed.output.contains("step 1/1  held-out EER"))
      }
    }
  }
}
