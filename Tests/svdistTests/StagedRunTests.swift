import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Runs that go through several stages.
  @Suite struct StagedRunTests {
    private static let steps = 16
    /// Ten steps with speeds as speakers, and six without them, with longer crops of other batches.
    private static let stages = [
      "augmentation.speed={factors: [0.9, 1], asSpeakers: true}", "optimizer.type=adam",
      "stages=[{training.steps: 10}, {training.steps: 6, augmentation.speed: {factors: [1], asSpeakers: false}, "
        + "crop.seconds: 0.6, batch.speakers: 4, classification.margin: 0.5, "
        + "schedule.learningRate: {initial: 0.00005, final: 0.00001}}]",
    ]

    private func arguments(
      _ run: SmallRun, _ settings: [String] = [], into name: String = "run", options: [String] = []
    ) -> [String] {
      run.arguments(steps: 99, Self.stages + settings, into: name, options: options + ["--log-every", "1"])
    }

    @Test func `two ranks have the bits of one, and every line tells the stage`() throws {
      try SmallRun.with { run in
        try run.spoil("s1-u1", .missing)
        let one = try svdist(arguments(run, into: "one", options: ["--log-batches"]))
        #expect(one.status == 0, "\(one.errors)")
        let two = try svdist(arguments(run, into: "two", options: ["--log-batches"]), mpi: 2)
        #expect(two.status == 0, "\(two.errors)")
        try run.expectSame("one", "two", step: Self.steps)
        let batches = try ["one", "two"].map {
          try String(contentsOfFile: run.path("\($0)/batches.jsonl"), encoding: .utf8)
        }
        #expect(batches[0] == batches[1] && batches[0].contains("\"step\":11,\"epoch\":2,\"seconds\":0.6,"))
        #expect(run.metrics("one").map(\.stage) == Array(repeating: 1, count: 10) + Array(repeating: 2, count: 6))
        for words in [
          "stage 1 of 2 begins: steps 1 to 10\n", "step  1/16  stage 1  epoch 0",
          "stage 2 of 2 begins: steps 11 to 16\nstep 11/16  stage 2  epoch 2", "done: 16 steps",
        ] {
          #expect(one.output.contains(words), "\(one.output)")
        }
      }
    }

    @Test func `a run that is killed in its second stage goes on as if it had not been`() throws {
      try SmallRun.with { run in
        let settings = ["checkpoint.everySteps=1", "checkpoint.keep=100"]
        #expect(try svdist(arguments(run, settings, into: "whole"), mpi: 2).status == 0)
        let program = try Program("svdist", arguments(run, settings), ranks: 2)
        try program.wait { (run.checkpoints().last ?? 0) > 10 }
        program.killAll()
        _ = try program.finish()
        let resumed = try svdist(arguments(run, settings))
        #expect(
          resumed.status == 0 && resumed.output.contains(" in stage 2 of 2, "), "\(resumed.output)\(resumed.errors)")
        try run.expectSame("whole", "run", step: Self.steps)
        var state = try run.state(step: Self.steps, of: "whole")
        state.ranks = 1
        #expect(try run.state(step: Self.steps) == state)
        // From before the border, from the border and from after it.
        for step in [9, 10, 11] {
          for later in step + 1...Self.steps {
            try FileManager.default.removeItem(
              atPath: run.path("run/checkpoints/step-\(String(format: "%08d", later))"))
          }
          let outcome = try svdist(arguments(run, settings), mpi: 2)
          let stage = step == 11 ? 2 : 1
          #expect(outcome.output.contains("resuming from step \(step) in stage \(stage) of 2, "), "\(outcome.output)")
          try run.expectSame("whole", "run", step: Self.steps)
        }
      }
    }

    @Test func `a changed stage is refused by its key or accepted, and a finished run takes on another stage`() throws {
      try SmallRun.with { run in
        #expect(try svdist(arguments(run)).status == 0)
        let changed = ["stages[1].crop.seconds=0.5"]
        expectRefusal(
          try svdist(arguments(run, changed)), 64, "stages[1].crop.seconds was 0.6, is 0.5", "--allow-change")
        let accepted = try svdist(arguments(run, changed, options: ["--allow-change", "stages[1].crop"]))
        #expect(accepted.status == 0 && accepted.output.contains("stages[1].crop.seconds was 0.6 until now and is 0.5"))

        #expect(try svdist(run.arguments(steps: 4, into: "plain")).status == 0)
        let more = ["stages=[{}, {training.steps: 2, crop.seconds: 0.6}]"]
        expectRefusal(
          try svdist(run.arguments(steps: 4, more, into: "plain")), 64, "stages was none, is 2", "--allow-change")
        let outcome = try svdist(
          run.arguments(steps: 4, more, into: "plain", options: ["--allow-change", "stages"]), mpi: 2)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("resuming from step 4 in stage 1 of 2, "))
        #expect(run.metrics("plain").map(\.stage) == [nil, nil, nil, nil, 2, 2])
      }
    }

    @Test func `other commands take the first stage`() throws {
      try SmallRun.with { run in
        let arguments = arguments(run, ["augmentation.volume.probability=1"])
        let settings = Array(arguments.drop { $0 != "--set" })
        let heard = try svdist(["listen", "--count", "3", "--output", run.path("heard")] + settings)
        #expect(heard.status == 0, "\(heard.errors)")
        let doctor = try svdist(["doctor"] + settings)
        #expect(doctor.errors.isEmpty && doctor.output.contains(run.corpus.path), "\(doctor.output)\(doctor.errors)")
        let checked = try svdist(["train", "--check-gradients", "--threads", "1"] + settings)
        #expect(checked.output.contains("note: checked by the settings of the first of 2 stages"), "\(checked.errors)")
      }
    }
  }
}
