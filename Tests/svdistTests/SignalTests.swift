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
          "svdist", arguments, ranks: 2, launcherOptions: ["--mca", "odls_base_sigkill_timeout", "4"])
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
