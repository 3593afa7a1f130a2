import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `train --from`.
  @Suite struct StartingEncoderTests {
    /// A command line that names no setting of encoder or front end.
    private func arguments(
      _ run: SmallRun, steps: Int, into name: String, _ settings: [String] = [], options: [String] = []
    ) -> [String] {
      let given = run.arguments(steps: steps, settings, encoder: [], into: name, options: options)
      return given.indices.filter { index in
        let setting = given[given[index] == "--set" ? index + 1 : index]
        return !["encoder.", "features."].contains { setting.hasPrefix($0) }
      }.map { given[$0] }
    }

    private func tensors(_ run: SmallRun, _ name: String, step: Int) throws -> (
      file: SafetensorsFile, values: [String: [Float]]
    ) {
      let path = run.path("\(name)/checkpoints/step-\(String(format: "%08d", step))/model.safetensors")
      let file = try SafetensorsFile(path: path)
      return (file, Dictionary(uniqueKeysWithValues: try file.names.map { ($0, try file.values(of: $0)) }))
    }

    @Test func `a run starts from another one's encoder, with its settings, and resumes when that is gone`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 3, into: "first")).status == 0)
        let first = try tensors(run, "first", step: 3)
        let settings = [
          "training.frozen=[layer1, layer2]", "training.fromClassifier=kept", "checkpoint.everySteps=2",
          "schedule.unfreeze=3", "optimizer.type=adam",
        ]
        let options = ["--from", run.path("first")]
        let outcome = try svdist(arguments(run, steps: 4, into: "second", settings, options: options))
        #expect(outcome.status == 0, "\(outcome.errors)")
        for words in [
          "first: its newest checkpoint is taken, that of step 3", "starting from ",
          "the prototypes of 4 of 4 speakers are kept", "  channels: 16\n", "  from: \(run.path("first"))\n",
        ] {
          #expect(outcome.output.contains(words), "\(words): \(outcome.output)")
        }
        let middle = try tensors(run, "second", step: 2)
        let held = first.values.keys.filter { $0.hasPrefix("layer1.") || $0.hasPrefix("layer2.") }
        #expect(held.count > 20)
        for (name, values) in first.values {
          #expect((middle.values[name] == values) == held.contains(name), "\(name)")
        }
        let origin = try #require(run.starts("second").first?.from)
        let identity = try StoredEncoder(first.file.path).identity
        #expect(origin.path == first.file.path && origin.encoder == identity)

        let model = try run.checkpointFile("model.safetensors", step: 4, of: "second")
        let optimizer = try run.checkpointFile("optimizer.safetensors", step: 4, of: "second")
        try FileManager.default.removeItem(atPath: run.path("first"))
        try FileManager.default.removeItem(atPath: run.path("second/checkpoints/step-00000004"))
        let resumed = try svdist(
          arguments(run, steps: 4, into: "second", settings, options: options), mpi: 2)
        #expect(resumed.status == 0 && resumed.output.contains("resuming from step 2"), "\(resumed.errors)")
        #expect(try run.checkpointFile("model.safetensors", step: 4, of: "second") == model)
        #expect(try run.checkpointFile("optimizer.safetensors", step: 4, of: "second") == optimizer)
        #expect(try run.starts("second").map { $0.from == nil } == [false, true])

        let other = arguments(
          run, steps: 4, into: "second", settings.filter { !$0.contains("frozen") }, options: options)
        expectRefusal(try svdist(other), 64, "training.frozen was [layer1, layer2], is []", "--allow-change")
      }
    }

    @Test func `two ranks that start from an exported encoder leave the bits of one, and kept is refused of it`() throws
    {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 2, into: "first")).status == 0)
        let file = run.path("encoder.safetensors")
        #expect(try svdist(["export", run.path("first"), "--output", file]).status == 0)
        let from = [Configuration.override("training.from", with: file)]
        #expect(try svdist(arguments(run, steps: 2, into: "one", from)).status == 0)
        #expect(try svdist(arguments(run, steps: 2, into: "two", from), mpi: 2).status == 0)
        try run.expectSame("one", "two", step: 2)

        let kept = arguments(run, steps: 2, into: "kept", from + ["training.fromClassifier=kept"])
        for ranks in [nil, 2] {
          expectRefusal(
            try svdist(kept, mpi: ranks), 64, "training.fromClassifier: kept, but \(file) has no classifier",
            "set drawn", underLauncher: ranks != nil)
        }
        #expect(run.checkpoints("kept").isEmpty)
        let check = try svdist(
          arguments(
            run, steps: 2, into: "check", from + ["training.frozen=[layer9]"], options: ["--check-gradients"]))
        expectRefusal(check, 64, "begins with layer9", "the nearest that some begin with is layer")
      }
    }

    @Test func `what cannot be started from is refused in one line, and a run does not remove its own start`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 1, into: "first")).status == 0)
        let other = arguments(run, steps: 2, into: "second", options: ["--from", run.path("first")])
        let wider = ["--set", "encoder.channels=24", "--set", "features.bins=32"]
        expectRefusal(
          try svdist(other + wider), 64, "first holds another encoder (", "features.bins is 32, there 24",
          "encoder.channels is 24, there 16")
        let missing = run.path("missing")
        expectRefusal(
          try svdist(arguments(run, steps: 2, into: "second", options: ["--from", missing])), 65, missing)
        expectRefusal(
          try svdist(arguments(run, steps: 2, into: "second", options: ["--from", run.corpus.path])), 65,
          "neither a run folder nor a checkpoint")
        let own = ["--from", run.path("first/checkpoints/step-00000001"), "--restart"]
        expectRefusal(
          try svdist(arguments(run, steps: 2, into: "first", options: own)), 64, "is in the run folder",
          "--restart removes")
        #expect(run.checkpoints("first") == [1])
        #expect(!FileManager.default.fileExists(atPath: run.path("second")))
      }
    }
  }
}
