import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// The checkpoint of the lowest held-out EER.
  @Suite struct KeptCheckpointsTests {
    private static let steps = 24

    private func arguments(_ run: SmallRun, into name: String, _ settings: [String] = []) throws -> [String] {
      try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
      // A rate at which the EER goes up and down.
      let all = [
        "corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.corpus.path)/trials", "evaluation.everySteps=2",
        "checkpoint.everySteps=7", "checkpoint.keep=1", "schedule.learningRate.initial=0.3",
      ]
      return run.arguments(steps: Self.steps, all + settings, into: name)
    }

    private struct Result: Decodable { let eer: Double }

    private func eer(_ run: SmallRun, _ name: String, step: Int) throws -> Double {
      let json = try Data(contentsOf: run.folder.appending(path: "\(name)/evaluation/step-\(step).json"))
      return try JSONDecoder().decode(Result.self, from: json).eer
    }

    /// The step of the lowest EER after the first ones, the first of several.
    private func lowest(_ run: SmallRun, _ name: String, of all: Int = steps) throws -> Int {
      let steps = Array(stride(from: 2, through: all, by: 2))
      let results = try steps.map { try eer(run, name, step: $0) }
      return try #require(zip(results, steps).min { $0 < $1 }).1
    }

    private func best(_ run: SmallRun, _ name: String) throws -> String {
      try FileManager.default.destinationOfSymbolicLink(atPath: run.path("\(name)/checkpoints/best"))
    }

    @Test func `it is kept beside the newest, whether the run was killed or not`() throws {
      try SmallRun.with { run in
        let whole = try svdist(arguments(run, into: "whole"), mpi: 2)
        #expect(whole.status == 0, "\(whole.errors)")
        let expected = try lowest(run, "whole")
        // Otherwise the last would be the best and pruning would not be tested.
        #expect(expected < Self.steps)
        #expect(try best(run, "whole") == "step-\(String(format: "%08d", expected))")
        #expect(run.checkpoints("whole") == [expected, Self.steps])
        let evaluated = try svdist([
          "evaluate", "--encoder", run.path("whole/checkpoints/best"), "--corpus", run.corpus.path, "--trials",
          run.path("corpus/trials"),
        ])
        #expect(evaluated.status == 0, "\(evaluated.errors)")

        let killed = try Program("svdist", arguments(run, into: "killed"), ranks: 2)
        try killed.wait { run.metrics("killed").count >= 9 && !run.checkpoints("killed").isEmpty }
        killed.killAll()
        _ = try killed.finish()
        let resumed = try svdist(arguments(run, into: "killed"), mpi: 2)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try best(run, "killed") == best(run, "whole"))
        #expect(run.checkpoints("killed") == run.checkpoints("whole"))
        #expect(run.leftovers().isEmpty)
      }
    }

    @Test func `an untrained encoder is not the best, however bad training made it`() throws {
      try SmallRun.with { run in
        let steps = 8
        let settings = ["schedule.learningRate.initial=300", "training.steps=\(steps)"]
        let outcome = try svdist(arguments(run, into: "worse", settings))
        #expect(outcome.status == 0, "\(outcome.errors)")
        let expected = try lowest(run, "worse", of: steps)
        #expect(try eer(run, "worse", step: 0) < eer(run, "worse", step: expected))
        #expect(try best(run, "worse") == "step-\(String(format: "%08d", expected))")
      }
    }

    @Test func `they are written by the clock too`() throws {
      try SmallRun.with { run in
        let settings = ["checkpoint.everySteps=0", "checkpoint.everyMinutes=0.002", "checkpoint.keep=1000"]
        let outcome = try svdist(run.arguments(steps: 60, settings), mpi: 2)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(run.checkpoints().count > 2)
        let other = try svdist(
          run.arguments(steps: 60, ["checkpoint.everySteps=0", "checkpoint.everyMinutes=0"], into: "other"))
        #expect(other.status == 0 && run.checkpoints("other") == [60])
      }
    }

    @Test func `a lost mark is found again from the evaluations, and without the setting there is none`() throws {
      try SmallRun.with { run in
        #expect(try svdist(arguments(run, into: "run")).status == 0)
        let before = try best(run, "run")
        try FileManager.default.removeItem(atPath: run.path("run/checkpoints/best"))
        #expect(try svdist(arguments(run, into: "run")).status == 0)
        #expect(try best(run, "run") == before)
        let other = try svdist(arguments(run, into: "other", ["checkpoint.keepBest=false"]))
        #expect(other.status == 0, "\(other.errors)")
        #expect(run.checkpoints("other") == [Self.steps])
        #expect(throws: (any Error).self) { try best(run, "other") }
      }
    }
  }
}
