import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `svdist init`.
  @Suite struct InitCommandTests {
    /// Divides a run's corpus of 8 speakers into data directories: `train` of the last four, and `evaluation` of the
    /// others with their trials.
    private func divide(_ run: SmallRun) throws {
      for (name, speakers) in [("evaluation", 0..<4), ("train", 4..<8)] {
        let folder = run.folder.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for list in ["wav.scp", "utt2spk", "utt2dur"] {
          let lines = try String(contentsOf: run.corpus.appending(path: list), encoding: .utf8).split(separator: "\n")
          let own = lines.filter { line in speakers.contains { line.hasPrefix("s\($0)-") } }
            .map { $0.replacing(" s", with: list == "wav.scp" ? " \(run.corpus.path)/s" : " s") }
          try (own.joined(separator: "\n") + "\n").write(
            to: folder.appending(path: list), atomically: true, encoding: .utf8)
        }
      }
      try GeneratedCorpus.writeTrials(to: run.folder.appending(path: "evaluation"), speakers: 4, utterances: 4)
    }

    @Test func `the file is printed, is taken, and trains`() throws {
      try SmallRun.with { run in
        let outcome = try svdist(["init", run.corpus.path])
        #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
        for words in [
          "# by svdist init, for 4 speakers, 16 utterances, 0.21 minutes; ", "# sampled at 16 kHz",
          "  train: \(run.corpus.path)\n",
          "  speakers: 4\n", "  seconds: 0.8\n", "  channels: 256\n", "  steps: 300\n", "\n#augmentation.musan: ",
          "--config FILE --run-dir runs/first\n",
        ] {
          #expect(outcome.output.contains(words), "\(words): \(outcome.output)")
        }
        try outcome.output.write(toFile: run.path("c.yaml"), atomically: true, encoding: .utf8)
        let settings = ["training.steps=1", "encoder.channels=16"].flatMap { ["--set", $0] }
        let training = try svdist(["--config", run.path("c.yaml"), "--run-dir", run.path("run")] + settings)
        #expect(training.status == 0, "\(training.errors)")
        #expect(run.metrics().count == 1)
      }
    }

    @Test func `it is written to a file of its own, which stays as it is`() throws {
      try SmallRun.with { run in
        let arguments = ["init", run.corpus.path, "--output", run.path("c.yaml")]
        let outcome = try svdist(arguments + ["--ranks", "2", "--encoder", "resnet"])
        #expect(outcome.status == 0 && outcome.output == "", "\(outcome.errors)")
        #expect(outcome.errors == "configuration in \(run.path("c.yaml"))\n")
        let configuration = try Configuration.load(file: run.path("c.yaml"))
        #expect(configuration.encoder.type.name == "resnet" && configuration.corpus.train == run.corpus.path)
        let before = try Data(contentsOf: URL(fileURLWithPath: run.path("c.yaml")))
        #expect(String(decoding: before, as: UTF8.self).contains("svdist launch -np 2 -- --config "))
        expectRefusal(try svdist(arguments), 64, run.path("c.yaml"), "is there", "choose another name")
        #expect(try Data(contentsOf: URL(fileURLWithPath: run.path("c.yaml"))) == before)
        for (path, words) in [(run.folder.path, "is a folder"), (run.path("none/c.yaml"), "there is no folder")] {
          expectRefusal(try svdist(["init", run.corpus.path, "-o", path]), 64, path, words)
        }
        #expect(run.leftovers().isEmpty)
      }
    }

    @Test func `held-out speakers are evaluated on, by the trials in their folder or those named`() throws {
      try SmallRun.with(speakers: 8) { run in
        try divide(run)
        let (train, evaluation) = (run.path("train"), run.path("evaluation"))
        let outcome = try svdist(["init", train, "--evaluation", evaluation + "/", "-o", run.path("c.yaml")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let configuration = try Configuration.load(file: run.path("c.yaml"))
        #expect(configuration.corpus.trials == evaluation + "/trials" && configuration.evaluation.everySteps == 100)
        let text = try String(contentsOfFile: run.path("c.yaml"), encoding: .utf8)
        #expect(
          text.contains("# 4 other speakers with 16 utterances") && text.contains("# 120 trials, 24 of them targets"))
        try FileManager.default.moveItem(atPath: evaluation + "/trials", toPath: run.path("list"))
        expectRefusal(
          try svdist(["init", train, "--evaluation", evaluation]), 64, "has no file trials", "--trials")
        let named = try svdist(["init", train, "--evaluation", evaluation, "--trials", run.path("list")])
        #expect(named.status == 0 && named.output.contains("  trials: \(run.path("list"))\n"), "\(named.errors)")
      }
    }

    @Test func `speakers to evaluate on that are trained on are refused`() throws {
      try SmallRun.with { run in
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        expectRefusal(
          try svdist(["init", run.corpus.path, "--evaluation", run.corpus.path]), 65, "share 4 speakers (s0, s1, s2 …)",
          "--hold-out")
      }
    }

    @Test func `corpora that cannot be trained on are one line with what to do`() throws {
      try withTemporaryFolder { folder in
        let empty = folder.appending(path: "empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
        expectRefusal(try svdist(["init", empty.path]), 65, "\(empty.path)/wav.scp: no such file", "svdist prepare")
        expectRefusal(try svdist(["init", "/nowhere"]), 65, "/nowhere: no such folder", "svdist prepare")
        let file = folder.appending(path: "file")
        try Data("x".utf8).write(to: file)
        expectRefusal(try svdist(["init", file.path]), 65, "\(file.path): is a file", "svdist prepare")
      }
      try SmallRun.with(speakers: 1) { run in
        expectRefusal(try svdist(["init", run.corpus.path]), 65, "of one speaker", "at least 2", "utt2spk")
      }
      try SmallRun.with(speakers: 3, utterances: 1) { run in
        expectRefusal(
          try svdist(["init", run.corpus.path, "-o", run.path("c.yaml")]), 65, "3 speakers has one utterance", "utt2spk"
        )
        #expect(!FileManager.default.fileExists(atPath: run.path("c.yaml")))
      }
    }

    @Test func `a recording that cannot be read is told, and the rest counts`() throws {
      try SmallRun.with { run in
        try FileManager.default.removeItem(atPath: run.path("corpus/utt2dur"))
        try FileManager.default.removeItem(atPath: run.path("corpus/s1-u1.wav"))
        let outcome = try svdist(["init", run.corpus.path])
        #expect(outcome.status == 0 && outcome.output.contains("# 4 speakers with 3 to 4 utterances of 0.8 s"))
        #expect(outcome.output.contains("# by svdist init, for 4 speakers, 15 utterances, "))
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 1 && lines.first?.hasPrefix("warning: \(run.corpus.path): 1 utterance left out") == true)
      }
    }

    static let wrong: [(options: [String], status: Int32, words: String)] = [
      (["--ranks", "0"], 64, "--ranks: 1 to 65536, found 0"),
      (["--ranks", "99"], 64, "--ranks 99: a batch of the corpus's 4 speakers has 8 rows: give at most 8"),
      (["--encoder", "ecapa"], 64, "--encoder ecapa: one of ecapa-tdnn, resnet, campplus"),
      (["--trials", "trials"], 64, "--trials are about the utterances of --evaluation"),
      (["--evaluation", "/nowhere", "--trials", "/nowhere/t"], 65, "/nowhere"),
      (["--evaluation", "/nowhere"], 65, "--evaluation /nowhere: there is no such folder"),
      (["--evaluation", "/dev/null"], 65, "--evaluation /dev/null: is no folder"),
      (["--evaluation", ""], 64, "--evaluation: the name is empty: give one"),
      (["--output", ""], 64, "--output: the name is empty"), (["--musan", ""], 64, "--musan: the name is empty"),
      (["--musan", "/nowhere"], 64, "/nowhere"), (["--rooms", "/nowhere"], 64, "/nowhere"),
      (["--rank", "2"], 64, "did you mean --ranks?"),
    ]

    @Test(arguments: wrong.indices) func `wrong options are refused in one line`(index: Int) throws {
      try SmallRun.with { run in
        let (options, status, words) = Self.wrong[index]
        expectRefusal(try svdist(["init", run.corpus.path] + options), status, words)
      }
    }
  }
}
