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
      var end: End
      var testDescription: String { "\(ranks ?? 1) ranks, \(settings), \(end)" }
    }

    enum End { case asked, killed }

    static let cases: [Case] = [
      Case(ranks: nil, settings: [], end: .killed),
      Case(ranks: nil, settings: ["weighting.space=representation", "optimizer.type=adam"], end: .asked),
      Case(ranks: 2, settings: ["optimizer.type=adamw"], end: .killed),
      Case(ranks: 2, settings: ["weighting.space=representation"], end: .asked),
      Case(ranks: 2, settings: ["encoder.batchNormalization=local"], end: .asked),
      Case(ranks: 2, settings: ["encoder.batchNormalization=local", "optimizer.type=adam"], end: .killed),
    ]

    /// Starts a run and ends it on its way, after a step of its own choice or after a checkpoint.
    private func interrupt(_ run: SmallRun, _ arguments: [String], ranks: Int?, end: End) throws {
      let program = try Program("svdist", arguments, ranks: ranks)
      switch end {
      case .asked:
        try program.wait { run.metrics().count >= 5 }
        program.send(SIGUSR1)
        let outcome = try program.finish()
        #expect(outcome.status == 75, "\(outcome.output)\(outcome.errors)")
        #expect(run.checkpoints().last == run.metrics().last?.step)
      case .killed:
        try program.wait { run.checkpoints().count >= 1 && run.metrics().count >= 10 }
        program.killAll()
        _ = try program.finish()
        #expect(!run.checkpoints().isEmpty)
      }
      #expect(run.metrics().count < Self.steps)
    }

    @Test(arguments: cases) func `a run that goes on ends as the uninterrupted one, bit for bit`(_ one: Case) throws {
      try SmallRun.with { run in
        // An unreadable utterance, met before the interruption: what replaced it has to go on too.
        try run.spoil("s1-u1", .missing)
        let settings = one.settings + ["checkpoint.everySteps=7", "schedule.margin.end=30"]
        let whole = try svdist(run.arguments(steps: Self.steps, settings, into: "whole"), mpi: one.ranks)
        #expect(whole.status == 0, "\(whole.errors)")
        let arguments = run.arguments(steps: Self.steps, settings)
        try interrupt(run, arguments, ranks: one.ranks, end: one.end)
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

    @Test(arguments: [nil, 2]) func `another corpus under the same name is refused, or accepted by its key`(
      ranks: Int?
    ) throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 4), mpi: ranks).status == 0)
        for list in ["wav.scp", "utt2spk", "utt2dur"]
        where FileManager.default.fileExists(atPath: run.path("corpus/\(list)")) {
          try run.edit(list, "s2-u3", nil)
        }
        let arguments = run.arguments(steps: 6, options: ["--allow-change", "training"])
        expectRefusal(
          try svdist(arguments, mpi: ranks), 64, "run holds a run on another corpus (",
          "corpus had 16 utterances of 4 speakers, checksum ", "has 15 utterances of 4 speakers, checksum ",
          "--allow-change corpus.train", underLauncher: ranks != nil)
        let accepted = try svdist(arguments + ["--allow-change", "corpus.train"], mpi: ranks)
        #expect(accepted.status == 0 && accepted.output.contains("resuming from step 4"), "\(accepted.errors)")
      }
    }

    @Test func `other noises than the run drew from are refused, or accepted by their key`() throws {
      try SmallRun.with { run in
        let noises = run.folder.appending(path: "noises")
        try GeneratedCorpus.write(to: noises, speakers: 3, utterances: 1)
        let settings = ["augmentation={noise: \(noises.path), probability: 1}"]
        #expect(try svdist(run.arguments(steps: 4, settings)).status == 0)
        // A damaged recording makes no other list: the run goes on and replaces it.
        try Data("no audio".utf8).write(to: noises.appending(path: "s1-u0.wav"))
        let damaged = run.arguments(steps: 12, settings, options: ["--allow-change", "training"])
        let outcome = try svdist(damaged)
        #expect(outcome.status == 0 && outcome.output.contains("resuming from step 4"), "\(outcome.errors)")
        #expect(try run.state(step: 12).unreadableRecordings == ["noise/s1-u0.wav"])
        // It is known now, and may go.
        try FileManager.default.removeItem(at: noises.appending(path: "s1-u0.wav"))
        #expect(try svdist(run.arguments(steps: 12, settings)).status == 0)

        try FileManager.default.removeItem(at: noises.appending(path: "s0-u0.wav"))
        let arguments = run.arguments(steps: 14, settings, options: ["--allow-change", "training"])
        for ranks in [nil, 2] {
          expectRefusal(
            try svdist(arguments, mpi: ranks), 64, "run holds a run that augments with other recordings (",
            "augmentation.noise had 3 recordings, SHA-256 ", "has 1 recording, SHA-256 ",
            "--allow-change augmentation.noise", underLauncher: ranks != nil)
        }
        #expect(try svdist(arguments + ["--allow-change", "augmentation.rooms"]).status == 64)
        let accepted = try svdist(arguments + ["--allow-change", "augmentation.noise"])
        #expect(accepted.status == 0 && accepted.output.contains("resuming from step 12"), "\(accepted.errors)")
        let changes = try #require(starts(run).last).changes
        #expect(changes.map(\.key) == ["training.steps", "augmentation.noise"])
        #expect(
          changes.last?.was.hasPrefix("3 recordings") == true && changes.last?.now.hasPrefix("1 recording,") == true)
        // From then on, these are the run's.
        #expect(try svdist(run.arguments(steps: 14, settings)).status == 0)
      }
    }

    @Test
    func `another seed is refused though the stored settings are gone, and a run without its checkpoints is told`()
      throws
    {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 4)).status == 0)
        try FileManager.default.removeItem(atPath: run.path("run/config.yaml"))
        expectRefusal(
          try svdist(run.arguments(steps: 4, ["seed=7"])), 64, "holds a run with another seed", "--allow-change seed")
        try Data("{\n".utf8).write(to: URL(fileURLWithPath: run.path("run/config.yaml")))
        expectRefusal(try svdist(run.arguments(steps: 4)), 64, "config.yaml", "correct it, or remove it")
        try FileManager.default.removeItem(atPath: run.path("run/config.yaml"))
        try FileManager.default.removeItem(atPath: run.path("run/checkpoints/step-00000004"))
        let anew = try svdist(run.arguments(steps: 4))
        #expect(anew.status == 0, "\(anew.errors)")
        #expect(anew.output.contains("metrics.jsonl has 4 steps, but \(run.path("run/checkpoints")) has no checkpoint"))
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

    @Test func `another number of ranks goes on with the same bits`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: Self.steps, into: "whole")).status == 0)
        let arguments = run.arguments(steps: Self.steps)
        try interrupt(run, arguments, ranks: 2, end: .asked)
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

    @Test func `a changed setting is refused by its name, and the unchanged run still goes on`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: Self.steps)
        try interrupt(run, arguments, ranks: nil, end: .asked)
        let before = run.metrics().count
        let configuration = try Data(contentsOf: run.folder.appending(path: "run/config.yaml"))
        for ranks in [nil, 2] {
          let changed = try svdist(arguments + ["--set", "optimizer.momentum=0.5", "--set", "seed=2"], mpi: ranks)
          expectRefusal(
            changed, 64, run.path("run"), "optimizer.momentum was 0.9, is 0.5", "seed was 1, is 2", "--restart",
            underLauncher: ranks != nil)
        }
        #expect(run.metrics().count == before)
        #expect(try Data(contentsOf: run.folder.appending(path: "run/config.yaml")) == configuration)
        let outcome = try svdist(arguments + ["--set", "checkpoint.everySteps=5", "--set", "checkpoint.keep=2"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("resuming from step \(before)"))
        #expect(run.checkpoints() == [Self.steps - 5, Self.steps])
        #expect(run.metrics().map(\.step) == Array(1...Self.steps))
      }
    }

    /// The lines of the run's history.
    private func starts(_ run: SmallRun) throws -> [RunHistory.Start] {
      try String(contentsOfFile: run.path("run/history.jsonl"), encoding: .utf8).split(separator: "\n").map {
        try JSONDecoder().decode(RunHistory.Start.self, from: Data($0.utf8))
      }
    }

    @Test func `a run that is killed before its history is written has the accepted change in it afterwards`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 3)).status == 0)
        let before = try Data(contentsOf: run.folder.appending(path: "run/config.yaml"))
        let changed = run.arguments(
          steps: 3, ["schedule.learningRate.initial=0.0002"], options: ["--allow-change", "schedule.learningRate"])
        let disk = FaultyDisk(path: "run/history.jsonl", until: run.path("never"))
        let killed = try Program("svdist", changed, environment: disk.environment())
        try killed.wait { killed.output.contains("schedule.learningRate.initial was 0.0001 until now") }
        usleep(300_000)
        killed.killAll()
        _ = try killed.finish()
        #expect(try Data(contentsOf: run.folder.appending(path: "run/config.yaml")) == before)
        #expect(try svdist(changed).status == 0)
        #expect(
          try starts(run).map(\.changes) == [
            [], [.init(key: "schedule.learningRate.initial", was: "0.0001", now: "0.0002")],
          ])
      }
    }

    @Test func `settings by hand in the run folder stay while they are the run's, and are kept beside others`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 2)
        let sets = arguments[(arguments.firstIndex(of: "--set") ?? 0)...]
        try FileSystem.createFolder(run.path("run"))
        let file = run.path("run/config.yaml")
        let resolved = try svdist(["config"] + sets)
        let byHand = "# why: see the notebook\n" + resolved.output
        try Data(byHand.utf8).write(to: URL(fileURLWithPath: file))
        let command = ["--config", file, "--run-dir", run.path("run"), "--threads", "1", "--allow-overlap"]
        for _ in 0..<2 {
          let outcome = try svdist(command)
          #expect(outcome.status == 0, "\(outcome.errors)")
          #expect(try String(contentsOfFile: file, encoding: .utf8) == byHand)
        }
        let changed = try svdist(command + ["--set", "training.steps=3", "--allow-change", "training"])
        #expect(changed.status == 0 && changed.output.contains("what it held is in "), "\(changed.errors)")
        #expect(try String(contentsOfFile: run.path("run/config-before.yaml"), encoding: .utf8) == byHand)
        #expect(try String(contentsOfFile: file, encoding: .utf8).contains("steps: 3"))
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
        let starts = try starts(run)
        #expect(starts.map(\.ranks) == [2, 1] && starts.map(\.step) == [0, step] && starts.map(\.threads) == [1, 1])
        #expect(starts[0].changes.isEmpty)
        #expect(starts[1].changes == [.init(key: "schedule.learningRate.initial", was: "0.0001", now: "0.0002")])
        #expect(starts[1].command.contains("--allow-change") && starts[0].date.hasSuffix("Z"))
        let seconds = run.metrics().map(\.elapsedSeconds)
        #expect(seconds.count == 12 && seconds == seconds.sorted() && (seconds.first ?? 0) > 0)
        let again = try svdist(changed)
        #expect(
          again.status == 0 && again.output.contains("this run is finished: all its 12 steps are done, held-out EER "))
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

    @Test func `a changed setting is accepted where it is named, alone or by its group, and kept from then on`() throws
    {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: Self.steps)
        try interrupt(run, arguments, ranks: nil, end: .asked)
        let changed = arguments + ["--set", "optimizer.momentum=0.5", "--set", "optimizer.weightDecay=0"]
        expectRefusal(
          try svdist(changed + ["--allow-change", "optimizer.momentum"]), 64, "optimizer.weightDecay was 0.0001, is 0",
          "--allow-change")
        expectRefusal(
          try svdist(changed + ["--allow-change", "optimizer.momentun"]), 64, "--allow-change optimizer.momentun",
          "near: optimizer.momentum")
        let outcome = try svdist(changed + ["--allow-change", "optimizer"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("optimizer.momentum was 0.9 until now and is 0.5"))
        #expect(outcome.output.contains("resuming from step "))
        #expect(run.metrics().map(\.step) == Array(1...Self.steps))
        #expect(try svdist(changed).status == 0)
        expectRefusal(try svdist(arguments), 64, "optimizer.momentum was 0.5, is 0.9")
      }
    }

    @Test func `a run goes on with its own front end, which stored settings from before it could be chosen leave out`()
      throws
    {
      try SmallRun.with { run in
        let settings = ["checkpoint.everySteps=2"]
        let arguments = run.arguments(steps: 2, settings)
        #expect(try svdist(arguments).status == 0)
        let stored = run.folder.appending(path: "run/config.yaml")
        let text = try String(contentsOf: stored, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let first = try #require(lines.firstIndex(of: "features:"))
        let last = try #require(lines[first...].firstIndex(of: "encoder:"))
        let earlier = lines[...first] + ["  bins: 24", "  dither: 1"] + lines[last...]
        try earlier.joined(separator: "\n").write(to: stored, atomically: true, encoding: .utf8)
        let other = arguments + ["--set", "features.window=povey"]
        expectRefusal(
          try svdist(other), 64, "holds a run with other settings (features.window was hamming, is povey)",
          "--allow-change")
        let further = run.arguments(steps: 3, settings, options: ["--allow-change", "training"])
        let outcome = try svdist(further)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("resuming from step 2"))
        try FileManager.default.removeItem(at: stored)
        let changed = further + ["--set", "features.window=povey"]
        expectRefusal(try svdist(changed), 65, "it holds another encoder (features.window was hamming, is povey)")
        #expect(try svdist(changed + ["--allow-change", "features.window"]).output.contains("resuming from step 3"))
      }
    }

    @Test func `a checkpoint of another encoder or with another's file is told and passed over`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 6, ["checkpoint.everySteps=2"])
        #expect(try svdist(arguments).status == 0)
        #expect(try svdist(run.arguments(steps: 6, ["encoder.channels=24"], into: "other")).status == 0)
        func folder(_ step: Int, of name: String = "run") -> URL {
          run.folder.appending(path: "\(name)/checkpoints/step-0000000\(step)")
        }
        let manager = FileManager.default
        try manager.removeItem(at: folder(6))
        try manager.copyItem(at: folder(6, of: "other"), to: folder(6))
        let file = "optimizer.safetensors"
        try manager.removeItem(at: folder(4).appending(path: file))
        try manager.copyItem(at: folder(2).appending(path: file), to: folder(4).appending(path: file))
        let outcome = try svdist(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
          outcome.output.contains(
            "step-00000006 is passed over: it holds another encoder (encoder.channels was 24, is 16)"))
        #expect(outcome.output.contains("the bytes of \(folder(4).path)/\(file) changed since they were written"))
        #expect(outcome.output.contains("resuming from step 2"))

        for step in [2, 4] { try manager.removeItem(at: folder(step)) }
        try manager.removeItem(at: folder(6))
        try manager.copyItem(at: folder(6, of: "other"), to: folder(6))
        expectRefusal(try svdist(arguments), 65, "no checkpoint in", "another encoder", "--restart")
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
