import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// A run that is to go on with another corpus, other recordings or other settings than it had.
  @Suite struct ChangedRunTests {
    private static let steps = 40

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
        let changes = try #require(run.starts().last).changes
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

    @Test func `a changed setting is refused by its name, and the unchanged run still goes on`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: Self.steps)
        try run.interrupt(arguments, steps: Self.steps, ranks: nil, end: .asked)
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
          try run.starts().map(\.changes) == [
            [], [.init(key: "schedule.learningRate.initial", was: "0.0001", now: "0.0002")],
          ])
      }
    }

    @Test func `a start that fails leaves the run's settings and its history as they were`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 3)).status == 0)
        let names = ["run/config.yaml", "run/history.jsonl"]
        func contents() throws -> [Data] { try names.map { try Data(contentsOf: run.folder.appending(path: $0)) } }
        let before = try contents()
        let changed = run.arguments(
          steps: 6, ["schedule.learningRate.initial=0.0002"],
          options: ["--allow-change", "schedule.learningRate", "--allow-change", "training.steps", "--log-batches"])
        try FileSystem.createFolder(run.path("run/batches.jsonl"))
        for ranks in [nil, 2] {
          let outcome = try svdist(changed, mpi: ranks)
          #expect(outcome.status != 0 && outcome.errors.contains("batches.jsonl"), "\(outcome.errors)")
          let after = try contents()
          #expect(after == before)
        }
        try FileSystem.remove(run.path("run/batches.jsonl"))
        #expect(try svdist(run.arguments(steps: 3)).status == 0)
        #expect(try svdist(changed).status == 0)
        #expect(try run.starts().map(\.step) == [0, 3, 3])
        #expect(try run.starts().last?.changes.map(\.key).contains("schedule.learningRate.initial") == true)
        let settings = try contents()[0]
        #expect(settings != before[0])
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

    @Test func `a changed setting is accepted where it is named, alone or by its group, and kept from then on`() throws
    {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: Self.steps)
        try run.interrupt(arguments, steps: Self.steps, ranks: nil, end: .asked)
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
  }
}
