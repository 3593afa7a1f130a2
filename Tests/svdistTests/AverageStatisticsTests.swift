import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// `average --statistics re-estimated`.
  @Suite struct AverageStatisticsTests {
    private func withRun(_ settings: [String] = [], _ body: (SmallRun) throws -> Void) throws {
      try SmallRun.with { run in
        let all = ["checkpoint.everySteps=2", "checkpoint.keep=10", "schedule.learningRate.initial=0.1"]
        let outcome = try svdist(run.arguments(steps: 6, all + settings))
        #expect(outcome.status == 0, "\(outcome.errors)")
        try body(run)
      }
    }

    private func average(
      _ run: SmallRun, _ options: [String] = [], last: Int = 2, to name: String = "x.safetensors", mpi: Int? = nil
    ) throws -> Outcome {
      try svdist(
        ["average", run.path("run"), "--last", "\(last)", "--statistics", "re-estimated", "-o", run.path(name)]
          + options, mpi: mpi)
    }

    private func values(_ file: String) throws -> [String: [Float]] {
      let file = try SafetensorsFile(path: file)
      return Dictionary(uniqueKeysWithValues: try file.names.map { ($0, try file.values(of: $0)) })
    }

    @Test func `parameters are averaged, statistics are those of batches, and ranks and threads change no bit`() throws
    {
      try withRun { run in
        let outcome = try svdist([
          "average", run.path("run"), "--last", "2", "--statistics", "re-estimated", "--statistics-batches", "1",
        ])
        let file = run.path("run/average-last-2-re-estimated.safetensors")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(
          outcome.output
            == "ecapa-tdnn of 16 dimensions, the mean of steps 4, 6 with statistics of 1 batch, in \(file)\n")
        #expect(try SafetensorsFile(path: file).metadata["average.statistics"] == "re-estimated on 1 batch")
        #expect(try svdist(["average", run.path("run"), "--last", "2"]).status == 0)
        let (estimated, plain) = (try values(file), try values(run.path("run/average-last-2.safetensors")))
        for (name, numbers) in plain {
          #expect((estimated[name] == numbers) == !name.contains("running_"), "\(name)")
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        for ranks in [1, 2] {
          let other = try average(run, ["--statistics-batches", "1"], to: "\(ranks).safetensors", mpi: ranks)
          #expect(other.status == 0, "\(other.errors)")
          #expect(try Data(contentsOf: run.folder.appending(path: "\(ranks).safetensors")) == bytes, "\(ranks)")
        }
        // More than an epoch has are not taken.
        let all = try average(run, to: "all.safetensors")
        #expect(all.output.contains(" with statistics of 2 batches, in "), "\(all.output)")
      }
    }

    @Test func `a moved corpus is named, another one is warned of, and one that lacks recordings goes on`() throws {
      try withRun { run in
        #expect(try average(run, to: "before.safetensors").status == 0)
        let moved = run.path("moved")
        try FileManager.default.moveItem(atPath: run.corpus.path, toPath: moved)
        expectRefusal(
          try average(run), 65, run.corpus.path, "if the run's corpus was moved, name its place with --corpus")
        let found = try average(run, ["--corpus", moved])
        #expect(found.status == 0 && found.errors.isEmpty, "\(found.errors)")
        #expect(try values(run.path("x.safetensors")) == values(run.path("before.safetensors")))

        // An epoch has twelve of the sixteen utterances.
        for speaker in 0..<4 { try FileSystem.remove("\(moved)/s\(speaker)-u1.wav") }
        let lacking = try average(run, ["--corpus", moved])
        #expect(lacking.status == 0, "\(lacking.errors)")
        #expect(lacking.errors.hasPrefix("warning: "), "\(lacking.errors)")
        #expect(lacking.errors.contains(" could not be read and had "), "\(lacking.errors)")
        #expect(try values(run.path("x.safetensors")) != values(run.path("before.safetensors")))

        let other = ["s0-u0", "s0-u2", "s2-u0", "s2-u2", "s3-u0", "s3-u2"]
        for (list, text) in [
          ("wav.scp", other.map { "\($0) \(moved)/\($0).wav\n" }), ("utt2spk", other.map { "\($0) \($0.prefix(2))\n" }),
          ("utt2dur", other.map { "\($0) 0.8\n" }),
        ] {
          try FileManager.default.createDirectory(atPath: run.corpus.path, withIntermediateDirectories: true)
          try text.joined().write(toFile: run.path("corpus/\(list)"), atomically: true, encoding: .utf8)
        }
        expectRefusal(
          try average(run), 64, "has other utterances (6 utterances of 3 speakers", "name a corpus with --corpus")
        let named = try average(run, ["--corpus", run.corpus.path])
        #expect(named.status == 0, "\(named.errors)")
        #expect(named.errors.hasPrefix("warning: --corpus \(run.corpus.path): has other utterances"))
        for name in ["s0-u0", "s0-u2"] { try FileSystem.remove(moved + "/\(name).wav") }
        let gone = try average(run, ["--corpus", run.corpus.path])
        #expect(gone.status == 65 && gone.complaints.count == 1, "\(gone.errors)")
        #expect(gone.complaints.first?.contains("speaker 's0' has no readable utterance left") == true)
      }
    }

    @Test func `the moving average of one checkpoint is re-estimated, and local statistics say of other ranks`() throws
    {
      let settings = ["training.average={decay: 0.5, from: 2}", "encoder.batchNormalization=local"]
      try withRun(settings) { run in
        let outcome = try average(run, last: 1)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        let model = try values(run.path("run/checkpoints/step-00000006/model.safetensors"))
        for (name, numbers) in try values(run.path("x.safetensors")) {
          #expect((model[name] == numbers) == !name.contains("running_"), "\(name)")
        }
        let together = try average(run, last: 1, mpi: 2)
        #expect(together.status == 0, "\(together.errors)")
        #expect(together.errors.contains("warning: encoder.batchNormalization is local: with 2 ranks in place of 1"))
      }
    }

    @Test func `what cannot be estimated is refused in one line`() throws {
      try withRun { run in
        for options in [["--statistics-batches", "3"], ["--corpus", "x"]] {
          let outcome = try svdist(["average", run.path("run"), "--last", "1"] + options)
          #expect(outcome.status == 64 && outcome.errors.contains("\(options[0]) is for --statistics re-estimated"))
        }
        #expect(try average(run, ["--statistics-batches", "0"]).status == 64)
        let path = run.path("run/config.yaml")
        let settings = try String(contentsOfFile: path, encoding: .utf8)
        func refuse(_ old: String, _ new: String, _ status: Int32, _ words: String) throws {
          try settings.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
          expectRefusal(try average(run), status, words)
        }
        try refuse(
          "  channels: 16\n", "  channels: 24\n", 64,
          "is of another encoder than the run's checkpoints (encoder.channels 24, there 16)")
        try refuse("train: \(run.corpus.path)", "train: null", 64, "names no corpus.train")
        try refuse("musan: null", "musan: /none/such", 64, "/none/such")
        try FileSystem.remove(path)
        expectRefusal(try average(run), 64, path)
        #expect(!FileManager.default.fileExists(atPath: run.path("x.safetensors")))
      }
    }
  }
}
