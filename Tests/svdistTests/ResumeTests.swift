import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// A run that was stopped or killed goes on as if it had not been.
  @Suite struct ResumeTests {
    private static let steps = 40

    struct Case: CustomTestStringConvertible {
      var ranks: Int?
      var settings: [String]
      var end: SmallRun.End
      var testDescription: String { "\(ranks ?? 1) ranks, \(settings), \(end)" }
    }

    static let cases: [Case] = [
      Case(ranks: nil, settings: [], end: .killed),
      Case(ranks: nil, settings: ["weighting.space=representation", "optimizer.type=adam"], end: .asked),
      Case(ranks: 2, settings: ["optimizer.type=adamw"], end: .killed),
      Case(
        ranks: 2, settings: ["weighting.space=representation", "training.average={decay: 0.9, from: 3}"], end: .asked),
      Case(ranks: 2, settings: ["encoder.batchNormalization=local"], end: .asked),
      Case(ranks: 2, settings: ["encoder.batchNormalization=local", "optimizer.type=adam"], end: .killed),
    ]

    @Test(arguments: cases) func `a run that goes on ends as the uninterrupted one, bit for bit`(_ one: Case) throws {
      try SmallRun.with { run in
        // An unreadable utterance, met before the interruption: what replaced it has to go on too.
        try run.spoil("s1-u1", .missing)
        let settings = one.settings + ["checkpoint.everySteps=7", "schedule.margin.end=30"]
        let whole = try svdist(run.arguments(steps: Self.steps, settings, into: "whole"), mpi: one.ranks)
        #expect(whole.status == 0, "\(whole.errors)")
        let arguments = run.arguments(steps: Self.steps, settings)
        try run.interrupt(arguments, steps: Self.steps, ranks: one.ranks, end: one.end)
        let known = try run.state(step: #require(run.checkpoints().last)).replaced
        let resumed = try svdist(arguments, mpi: one.ranks)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output.contains("resuming from step "))
        #expect(resumed.output.contains("is replaced") == known.isEmpty)

        for file in ["model.safetensors", "optimizer.safetensors"] {
          let expected = try run.checkpointFile(file, step: Self.steps, of: "whole")
          #expect(try run.checkpointFile(file, step: Self.steps) == expected, "\(file) differs")
        }
        #expect(run.metrics().map(\.step) == Array(1...Self.steps))
        #expect(run.losses() == run.losses("whole"))
        #expect(try run.state(step: Self.steps) == run.state(step: Self.steps, of: "whole"))
        #expect(run.checkpoints() == run.checkpoints("whole"))
        #expect(run.leftovers().isEmpty)
      }
    }

    @Test func `what was met to be bad in part, and is known from then on, is so after going on too`() throws {
      try SmallRun.with { run in
        for speaker in 0..<4 {
          for utterance in 0..<2 {
            try BrokenRecording.spoilEnd(of: run.corpus.appending(path: "s\(speaker)-u\(utterance).wav"))
          }
        }
        let options = ["--max-bad-fraction", "1"]
        let settings = ["batch.utterances=1", "checkpoint.everySteps=1", "checkpoint.keep=100"]
        #expect(try svdist(run.arguments(steps: 12, settings, into: "whole", options: options)).status == 0)
        let expected = try run.checkpointFile("model.safetensors", step: 12, of: "whole")
        #expect(try !run.state(step: 12, of: "whole").replaced.isEmpty)
        // From every step on.
        for step in 1..<12 {
          try? FileManager.default.removeItem(atPath: run.path("run"))
          try FileManager.default.copyItem(atPath: run.path("whole"), toPath: run.path("run"))
          for later in step + 1...12 {
            let name = String(format: "step-%08d", later)
            try FileManager.default.removeItem(atPath: run.path("run/checkpoints/\(name)"))
          }
          #expect(try svdist(run.arguments(steps: 12, settings, options: options)).status == 0)
          #expect(try run.checkpointFile("model.safetensors", step: 12) == expected, "from step \(step)")
        }
      }
    }

    @Test func `ranks of their own statistics that go on as more are told of it`() throws {
      try SmallRun.with { run in
        let settings = ["encoder.batchNormalization=local"]
        #expect(try svdist(run.arguments(steps: 2, settings), mpi: 2).status == 0)
        let more = run.arguments(steps: 3, settings, options: ["--allow-change", "training"])
        let outcome = try svdist(more, mpi: 3)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("warning: encoder.batchNormalization is local: with 3 ranks in place of 2"))
      }
    }

    @Test(arguments: [[], ["classification.sharded=true", "optimizer.type=adam"]])
    func `another number of ranks goes on with the same bits`(settings: [String]) throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: Self.steps, settings, into: "whole")).status == 0)
        let arguments = run.arguments(steps: Self.steps, settings)
        try run.interrupt(arguments, steps: Self.steps, ranks: 2, end: .asked)
        for ranks in [3, 5, 1] {
          let stop = run.metrics().count
          let program = try Program("svdist", arguments, ranks: ranks)
          try program.wait { run.metrics().count >= stop + 3 }
          program.send(SIGUSR1)
          #expect(try program.finish().status == 75)
        }
        #expect(try svdist(arguments, mpi: 6).status == 0)
        #expect(run.metrics().map(\.step) == Array(1...Self.steps))
        try run.expectSame("whole", "run", step: Self.steps)
      }
    }

    @Test func `a run folder tells of each start, and of the time that all took`() throws {
      try SmallRun.with { run in
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        let evaluation = ["corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.corpus.path)/trials"]
        let first = try Program("svdist", run.arguments(steps: 12, evaluation), ranks: 2)
        try first.wait { run.metrics().count >= 3 }
        first.send(SIGUSR1)
        #expect(try first.finish().status == 75)
        let step = try #require(run.metrics().last?.step)
        let changed = run.arguments(
          steps: 12, evaluation + ["schedule.learningRate.initial=0.0002"],
          options: ["--allow-change", "schedule.learningRate"])
        #expect(try svdist(changed).status == 0)
        let starts = try run.starts()
        #expect(starts.map(\.ranks) == [2, 1] && starts.map(\.step) == [0, step] && starts.map(\.threads) == [1, 1])
        #expect(starts[0].changes.isEmpty)
        #expect(starts[1].changes == [.init(key: "schedule.learningRate.initial", was: "0.0001", now: "0.0002")])
        #expect(starts[1].command.contains("--allow-change") && starts[0].date.hasSuffix("Z"))
        let seconds = run.metrics().map(\.elapsedSeconds)
        #expect(seconds.count == 12 && seconds == seconds.sorted() && (seconds.first ?? 0) > 0)
        let again = try svdist(changed)
        #expect(
          again.status == 0 && again.output.contains("this run is finished: all its 12 steps are done; --restart "))
        #expect(again.output.components(separatedBy: "held-out EER ").count == 2, "\(again.output)")
        let digits = again.output.split(separator: "held-out EER ").dropFirst().first?.prefix { $0 != " " } ?? ""
        #expect(digits.split(separator: ".").last?.count == 2, "\(again.output)")
        // The last evaluation was killed, or its result is gone.
        try FileManager.default.removeItem(atPath: run.path("run/evaluation/step-12.json"))
        let late = try svdist(changed)
        #expect(late.status == 0 && late.output.contains("are done, and the last evaluation is still to be made"))
        #expect(!late.output.contains("this run is finished") && late.output.contains("step 12/12  held-out EER "))
      }
    }

    @Test func `a finished run says so, and --restart starts over with other settings`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 6, ["checkpoint.everySteps=2"])
        #expect(try svdist(arguments).status == 0)
        let first = run.losses()
        let again = try svdist(arguments)
        #expect(again.status == 0)
        #expect(again.output.contains("resuming from step 6") && again.output.contains("done: 6 steps"))
        #expect(again.output.contains("this run is finished: all its 6 steps are done; --restart starts over"))
        #expect(run.losses() == first)
        let restarted = try svdist(run.arguments(steps: 3, ["seed=2"], options: ["--restart"]))
        #expect(restarted.status == 0, "\(restarted.errors)")
        #expect(!restarted.output.contains("resuming"))
        #expect(run.metrics().map(\.step) == [1, 2, 3])
        #expect(run.losses() != Array(first.prefix(3)))
        #expect(run.checkpoints() == [3])
      }
    }

    @Test func `a broken checkpoint is passed over, and a run without a whole one is refused`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 6, ["checkpoint.everySteps=3"])
        #expect(try svdist(arguments).status == 0)
        func truncate(_ step: Int) throws {
          try Data([1, 2, 3]).write(
            to: run.folder.appending(path: "run/checkpoints/step-0000000\(step)/model.safetensors"))
        }
        try truncate(6)
        let outcome = try svdist(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("step-00000006 is passed over"))
        #expect(outcome.output.contains("resuming from step 3"))
        #expect(run.metrics().map(\.step) == Array(1...6))
        try truncate(3)
        try truncate(6)
        expectRefusal(try svdist(arguments, mpi: 2), 65, "no checkpoint in", "--restart", underLauncher: true)
      }
    }

    @Test func `a checkpoint that cannot be written is a warning, and those after it are written`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 100_000, ["checkpoint.everySteps=5"])
        let program = try Program("svdist", arguments, ranks: 2)
        let (folder, aside) = (run.path("run/checkpoints"), run.path("aside"))
        try program.wait { !run.checkpoints().isEmpty }
        try FileManager.default.moveItem(atPath: folder, toPath: aside)
        try Data().write(to: URL(fileURLWithPath: folder))
        // A checkpoint that was half written when its folder went says so in other words; the next one says this.
        try program.wait { program.output.contains("\(folder) is a file where a folder is needed; training continues") }
        #expect(program.output.contains("warning: no checkpoint at step "))
        try FileManager.default.removeItem(atPath: folder)
        try FileManager.default.moveItem(atPath: aside, toPath: folder)
        let known = try #require(run.checkpoints().last)
        try program.wait { run.checkpoints().last ?? 0 > known }
        program.send(SIGUSR1)
        let outcome = try program.finish()
        #expect(outcome.status == 75, "\(outcome.errors)")
        #expect(run.checkpoints().last == run.metrics().last?.step)
        #expect(run.metrics().allSatisfy { $0.checkpointSeconds >= 0 })
        #expect(run.metrics().contains { $0.checkpointSeconds > 0 })
      }
    }
  }
}
