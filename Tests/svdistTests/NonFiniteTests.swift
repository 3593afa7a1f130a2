import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Losses and gradients that are no numbers, by a recording whose loud samples overflow in a faulty resampler.
  @Suite struct NonFiniteTests {
    /// Runs svdist with the faulty resampler.
    private func svdist(_ arguments: [String], mpi ranks: Int? = nil) throws -> Outcome {
      try Program("svdist", arguments, environment: environment(), ranks: ranks).finish()
    }

    private func environment() throws -> [String: String] {
      ["LD_PRELOAD": try Program.path(of: "libFaultySound.so")]
    }

    private func with(loudSeconds: Double, _ body: (SmallRun) throws -> Void) throws {
      try SmallRun.with { run in
        try OverflowingRecording.write(
          to: run.corpus.appending(path: "s1-u1.wav"), loudSeconds: loudSeconds, rate: 32_000)
        try body(run)
      }
    }

    /// The reports of broken steps, by name.
    private func reports(_ run: SmallRun) throws -> [String: [String: Any]] {
      let folder = run.path("run/nonfinite")
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      return Dictionary(
        uniqueKeysWithValues: try names.map { name in
          let json = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
          return (name, try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any]))
        })
    }

    /// Utterances of a report with rows that are not finite.
    private func culprits(_ report: [String: Any]) -> Set<String> {
      let rows = report["rows"] as? [[String: Any]] ?? []
      return Set(rows.filter { $0["finiteFeatures"] as? Bool == false }.compactMap { $0["utterance"] as? String })
    }

    /// Kills a run on the way and lets it go on to its end.
    private func killAndResume(_ arguments: [String], _ ranks: Int?, when isTime: () -> Bool) throws {
      let killed = try Program("svdist", arguments, environment: environment(), ranks: ranks)
      try killed.wait(until: isTime)
      killed.killAll()
      _ = try killed.finish()
      #expect(try svdist(arguments, mpi: ranks).status == 0)
    }

    private func whole(_ run: SmallRun) throws -> Bool {
      try run.checkpoints().allSatisfy { step in
        let file = try SafetensorsFile(
          path: run.path("run/checkpoints/step-\(String(format: "%08d", step))/model.safetensors"))
        return try file.names.allSatisfy { try file.values(of: $0).allSatisfy(\.isFinite) }
      }
    }

    @Test func `the run stops with status 1, says what to do, and names the utterance in a report`() throws {
      try with(loudSeconds: 0.8) { run in
        let arguments = run.arguments(steps: 10, ["checkpoint.everySteps=1"])
        for ranks in [nil, 2] {
          let outcome = try svdist(arguments + ["--restart"], mpi: ranks)
          let wayOn =
            run.checkpoints().isEmpty
            ? "there is no checkpoint yet: start over" : "the last checkpoint is good: resume from it"
          expectRefusal(
            outcome, 1, "a loss or gradient is not finite", "training.nonFinite=skip", wayOn,
            run.path("run/nonfinite/step-"), underLauncher: ranks != nil)
          let reports = try reports(run)
          #expect(reports.count == 1)
          #expect(reports.values.allSatisfy { culprits($0) == ["s1-u1"] })
          #expect(try whole(run))
        }
      }
    }

    @Test(arguments: [nil, 2]) func `skip leaves such updates out, counts them, and goes on the same after a kill`(
      ranks: Int?
    ) throws {
      try with(loudSeconds: 0.8) { run in
        let settings = ["training.nonFinite=skip", "checkpoint.everySteps=4", "optimizer.type=adam"]
        let outcome = try svdist(run.arguments(steps: 20, settings), mpi: ranks)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(run.metrics().map(\.step) == Array(1...20))
        let broken = run.metrics().filter { !$0["classification"].loss.isFinite }.map(\.step)
        #expect(broken.count >= 2 && broken.count < 20)
        let skipped = run.metrics().map(\.skipped)
        #expect(skipped.last == Double(broken.count))
        #expect(zip([0] + skipped, skipped).enumerated().filter { $1.1 > $1.0 }.map { $0.offset + 1 } == broken)
        #expect(try run.state(step: 20).skipped == broken.count)
        let reports = try reports(run)
        #expect(Set(reports.keys) == Set(broken.map { "step-\($0).json" }))
        #expect(reports.values.allSatisfy { culprits($0) == ["s1-u1"] })
        #expect(outcome.output.contains("its update is left out"))
        #expect(try whole(run))

        let other = run.arguments(steps: 20, settings, into: "other")
        try killAndResume(other, ranks) { !run.checkpoints("other").isEmpty && run.metrics("other").count >= 9 }
        let file = "model.safetensors"
        #expect(
          try run.checkpointFile(file, step: 20, of: "other") == run.checkpointFile(file, step: 20))
        #expect(try run.state(step: 20, of: "other") == run.state(step: 20))
      }
    }

    @Test func `too many updates left out in a row end the run`() throws {
      try SmallRun.with { run in
        for name in try FileManager.default.contentsOfDirectory(atPath: run.corpus.path) where name.hasSuffix(".wav") {
          try OverflowingRecording.write(to: run.corpus.appending(path: name), loudSeconds: 0.8, rate: 32_000)
        }
        let outcome = try svdist(run.arguments(steps: 20, ["training.nonFinite=skip", "training.nonFiniteLimit=3"]))
        expectRefusal(
          outcome, 1, "step 4: a loss or gradient is not finite", "3 updates before it were left out",
          "there is no checkpoint yet")
        #expect(run.metrics().map(\.step) == [1, 2, 3])
      }
    }

    @Test(arguments: [nil, 2]) func `rollback goes back to the last checkpoint and gets by with other crops`(
      ranks: Int?
    ) throws {
      try with(loudSeconds: 0.1) { run in
        let settings = ["training.nonFinite=rollback", "checkpoint.everySteps=3", "training.nonFiniteLimit=50"]
        let outcome = try svdist(run.arguments(steps: 24, settings), mpi: ranks)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(run.metrics().map(\.step) == Array(1...24))
        #expect(run.metrics().allSatisfy { $0["classification"].loss.isFinite })
        let rollbacks = try run.state(step: 24).rollbacks
        #expect(rollbacks > 0)
        #expect(outcome.output.contains("on with other crops, rollback \(rollbacks) of at most 50"))
        #expect(try reports(run).count == rollbacks)
        #expect(try reports(run).values.allSatisfy { culprits($0) == ["s1-u1"] })
        #expect(try whole(run))

        let other = run.arguments(steps: 24, settings, into: "other")
        try killAndResume(other, ranks) { run.checkpoints("other").last ?? 0 >= 9 }
        #expect(run.losses("other") == run.losses())
        #expect(try run.state(step: 24, of: "other") == run.state(step: 24))
      }
    }

    @Test func `a rollback that does not help ends after its limit`() throws {
      try with(loudSeconds: 0.8) { run in
        let settings = ["training.nonFinite=rollback", "training.nonFiniteLimit=2"]
        let outcome = try svdist(run.arguments(steps: 20, settings), mpi: 2)
        expectRefusal(
          outcome, 1, "a loss or gradient is not finite", "after 2 rollbacks", "nonfinite/step-", underLauncher: true)
        #expect(outcome.output.contains("back to step 0 and on with other crops, rollback 2 of at most 2"))
      }
    }

    /// The largest rate and decay that settings allow: parameters grow a hundred thousand times a step.
    /// Without a broken step before: the losses and gradients of the update that makes them overflow are finite.
    @Test func `parameters that an update makes overflow never become a checkpoint`() throws {
      try SmallRun.with { run in
        func arguments(_ steps: Int) -> [String] {
          run.arguments(
            steps: steps,
            [
              "optimizer.type=sgd", "optimizer.gradientNorm=1.0e-9", "schedule.learningRate.initial=1000",
              "schedule.learningRate.final=1000", "checkpoint.everySteps=1",
            ], options: ["--allow-change", "training"])
        }
        #expect(try svdist(arguments(1)).status == 0)
        try run.rewrite("optimizer.safetensors", step: 1) { file in
          var file = file
          let velocity = withUnsafeBytes(of: Float(3e38).bitPattern.littleEndian) { Data($0) }
          file.replaceSubrange(file.count - 4..<file.count, with: velocity)
          return file
        }
        let outcome = try svdist(arguments(3))
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(outcome.output.contains("no checkpoint at step 2: parameters are not finite"), "\(outcome.output)")
        #expect(run.checkpoints() == [1])
      }
    }

    @Test func `losses that overflow never become a checkpoint`() throws {
      try SmallRun.with { run in
        let settings = [
          "schedule.learningRate.initial=1000", "schedule.learningRate.final=1000", "optimizer.weightDecay=100",
          "optimizer.gradientNorm=null", "checkpoint.everySteps=1",
        ]
        let outcome = try svdist(run.arguments(steps: 10, settings))
        #expect(outcome.status == 1)
        #expect(outcome.complaints.count == 1 && outcome.errors.contains("not finite"), "\(outcome.errors)")
        #expect(try whole(run))
      }
    }
  }
}
