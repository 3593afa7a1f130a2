import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `average` of the checkpoints of a short run, and runs that average while they train.
  @Suite struct AverageCommandTests {
    private func withRun(_ settings: [String] = [], _ body: (SmallRun) throws -> Void) throws {
      try SmallRun.with { run in
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        let all = [
          "corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.corpus.path)/trials", "evaluation.everySteps=2",
          "checkpoint.everySteps=2", "checkpoint.keep=10", "schedule.learningRate.initial=0.1",
        ]
        let outcome = try svdist(run.arguments(steps: 8, all + settings))
        #expect(outcome.status == 0, "\(outcome.errors)")
        if !settings.isEmpty {
          #expect(outcome.output.contains("note: evaluations and the checkpoints' model.safetensors have the moving"))
        }
        try body(run)
      }
    }

    private func model(_ run: SmallRun, step: Int) -> String {
      run.path("run/checkpoints/step-0000000\(step)/model.safetensors")
    }

    private func evaluate(_ run: SmallRun, _ encoder: String) throws -> String {
      let outcome = try svdist([
        "evaluate", "--encoder", encoder, "--corpus", run.corpus.path, "--trials", run.path("corpus/trials"), "--json",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.output
    }

    @Test func `a folder that is not there is named`() throws {
      try withTemporaryFolder { folder in
        let outcome = try svdist(["average", folder.path + "/absent", "--last", "2"])
        expectRefusal(outcome, 65, "\(folder.path)/absent: there is no such run folder")
      }
    }

    @Test func `the mean of the last checkpoints is an encoder for every command`() throws {
      try withRun { run in
        let outcome = try svdist(["average", run.path("run"), "--last", "3"])
        let file = run.path("run/average-last-3.safetensors")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "ecapa-tdnn of 16 dimensions, the mean of steps 4, 6, 8, in \(file)\n")
        let average = try SafetensorsFile(path: file)
        #expect(average.metadata["average.steps"] == "4,6,8" && average.metadata["average.run"] == "run")
        let models = try [4, 6, 8].map { try SafetensorsFile(path: model(run, step: $0)) }
        for name in average.names {
          let values = try models.map { try $0.values(of: name).map(Double.init) }
          let expected = values[0].indices.map { Float((values[0][$0] + values[1][$0] + values[2][$0]) / 3) }
          #expect(try average.values(of: name) == expected, "\(name)")
        }
        #expect(average.names.count < models[0].names.count)

        let wave = run.corpus.appending(path: "s0-u0.wav").path
        let commands = [
          ["verify", wave, wave, "--encoder", file],
          ["embed", "--encoder", file, "--corpus", run.corpus.path, "--output", run.path("x.ark")],
          ["export", file, "--output", run.path("x.onnx")],
        ]
        for command in commands { #expect(try svdist(command).status == 0, "\(command[0])") }
        #expect(try evaluate(run, file).contains("\"eer\""))
        // It lies in the run folder, which is a run's all the same.
        #expect(try svdist(["average", run.path("run"), "--last", "3"]).status == 0)
      }
    }

    @Test func `the best checkpoint alone is its own mean, and what cannot be averaged is refused`() throws {
      try withRun { run in
        let file = run.path("best.safetensors")
        let outcome = try svdist(["average", run.path("run"), "--best", "1", "-o", file])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("the mean of step ") && outcome.output.contains(" (EER "), "\(outcome.output)")
        let best = try SafetensorsFile(path: run.path("run/checkpoints/best/model.safetensors"))
        let average = try SafetensorsFile(path: file)
        for name in average.names { #expect(try average.values(of: name) == best.values(of: name), "\(name)") }

        func refuse(_ status: Int32, _ words: String, _ arguments: [String]) throws {
          expectRefusal(try svdist(["average"] + arguments), status, words)
        }
        try refuse(64, "has 4 (steps 2, 4, 6, 8): ask for fewer", [run.path("run"), "--last", "9"])
        try refuse(65, "is no run folder", [run.corpus.path, "--last", "1"])
        let taken = [run.path("run"), "--last", "1", "--output", model(run, step: 2)]
        try refuse(64, "holds no average of checkpoints", taken)
        for options in [[], ["--last", "1", "--best", "1"], ["--last", "0"]] {
          #expect(try svdist(["average", run.path("run")] + options).status == 64)
        }
        #expect(try InputFile(path: model(run, step: 2)).bytes > 0)
      }
    }

    @Test func `a run that averages evaluates and stores the average`() throws {
      try withRun(["training.average={decay: 0.5, from: 2}"]) { run in
        // At the step where the average begins it is a copy.
        for (step, isCopy) in [(2, true), (8, false)] {
          let model = try SafetensorsFile(path: model(run, step: step))
          let folder = run.path("run/checkpoints/step-0000000\(step)")
          let trained = try SafetensorsFile(path: folder + "/optimizer.safetensors").values(of: "trained.parameters")
          let first = try model.values(of: model.names[0])
          #expect((first == Array(trained[..<first.count])) == isCopy, "step \(step)")
        }
        let stored = try String(contentsOfFile: run.path("run/evaluation/step-8.json"), encoding: .utf8)
        #expect(
          try evaluate(run, run.path("run")).trimmingCharacters(in: .newlines)
            == stored.trimmingCharacters(in: .newlines))
      }
    }
  }
}
