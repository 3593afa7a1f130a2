import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `embed`, `evaluate` and `verify` on an encoder that a short run left, whose front end is not the default one.
  @Suite struct EvaluationCommandsTests {
    @Test func `embeddings score as the encoder that they are of, on one rank and on two`() throws {
      try SmallRun.withEncoder { run in
        let trials = ["--trials", "\(run.corpus.path)/trials"]
        let direct = try svdist(["evaluate", "--encoder", run.path("run"), "--corpus", run.corpus.path] + trials)
        #expect(direct.status == 0, "\(direct.errors)")
        #expect(direct.output.hasPrefix("raw cosine  EER "))
        #expect(direct.output.hasSuffix("(120 trials, 24 targets)\n"))
        for suffix in ["safetensors", "ark", "txt"] {
          for ranks in [nil, 2] {
            let file = run.path("e-\(ranks ?? 1).\(suffix)")
            let embed = try svdist(
              ["embed", "--encoder", run.path("run"), "--corpus", run.corpus.path, "--output", file], mpi: ranks)
            #expect(embed.status == 0, "\(embed.errors)")
            #expect(embed.output == "16 embeddings of 16 dimensions in \(file)\n")
            let outcome = try svdist(["evaluate", "--embeddings", file] + trials)
            #expect(outcome.output == direct.output)
          }
          let bytes = try [1, 2].map { try Data(contentsOf: run.folder.appending(path: "e-\($0).\(suffix)")) }
          #expect(bytes[0] == bytes[1], "\(suffix)")
        }
      }
    }

    @Test func `JSON has the promised form and the run's own result`() throws {
      try SmallRun.withEncoder { run in
        let arguments = [
          "evaluate", "--encoder", run.path("run"), "--corpus", run.corpus.path, "--trials",
          "\(run.corpus.path)/trials", "--json", "--scores", run.path("scores"),
        ]
        for ranks in [nil, 2] {
          let outcome = try svdist(arguments, mpi: ranks)
          let number = "[0-9]+(\\.[0-9]+)?"
          let form =
            "^\\{\"eer\":\(number),\"minDCF\":\\{\"0.01\":\(number),\"0.05\":\(number)\\},"
            + "\"trials\":120,\"targets\":24\\}\n$"
          #expect(outcome.output.range(of: form, options: .regularExpression) != nil, "\(outcome.output)")
          let result = try String(contentsOfFile: run.path("run/evaluation/result.json"), encoding: .utf8)
          #expect(outcome.output == result)
        }
        let scores = try String(contentsOfFile: run.path("scores"), encoding: .utf8)
        #expect(scores.split(separator: "\n").count == 120)
        #expect(scores == (try String(contentsOfFile: run.path("run/evaluation/scores"), encoding: .utf8)))
      }
    }

    @Test func `trials of one kind, and embeddings without a score, are refused`() throws {
      try withTemporaryFolder { folder in
        func write(_ name: String, _ text: String) throws -> String {
          let file = folder.appending(path: name)
          try text.write(to: file, atomically: true, encoding: .utf8)
          return file.path
        }
        let embeddings = try write("e.txt", "a [ 1 0 ]\nb [ 0.5 0.5 ]\nc [ 0 1 ]\n")
        func evaluate(_ trials: String, _ embeddings: String) throws -> Outcome {
          try svdist(["evaluate", "--embeddings", embeddings, "--trials", try write("trials", trials)])
        }
        expectRefusal(try evaluate("a b target\na c target\n", embeddings), 65, "trials: all 2 trials are targets")
        expectRefusal(try evaluate("a b nontarget\nb c nontarget\n", embeddings), 65, "all 2 trials are non-targets")
        for number in ["nan", "inf"] {
          let broken = try write("broken.txt", "a [ 1 0 ]\nb [ \(number) 0.5 ]\nc [ 0 1 ]\n")
          expectRefusal(try evaluate("a b target\na c nontarget\n", broken), 65)
        }
        #expect(try evaluate("a b target\na c nontarget\n", embeddings).status == 0)
      }
    }

    @Test func `which checkpoint is taken is said, and that a newer one is broken`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 4, ["checkpoint.everySteps=2"])).status == 0)
        let wav = run.corpus.appending(path: "s0-u0.wav").path
        let newest = run.path("run/checkpoints/step-00000004")
        for isBroken in [false, true] {
          if isBroken { try #require(truncate(newest + "/model.safetensors", 100) == 0) }
          for arguments in [
            ["verify", wav, wav], ["embed", "--corpus", run.corpus.path, "--output", run.path("e.ark")],
          ] {
            let outcome = try svdist(arguments + ["--encoder", run.path("run")])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let all = outcome.errors.split(separator: "\n").map(String.init)
            let speed = all.filter { $0.hasPrefix("note: 16 utterances of 13 s embedded in ") }
            #expect(speed.count == (arguments[0] == "embed" ? 1 : 0))
            #expect(speed.allSatisfy { $0.contains(" utterances/s, real-time factor ") })
            let lines = all.filter { !speed.contains($0) }
            #expect(lines.count == (isBroken ? 2 : 1))
            #expect(
              lines.last == "note: \(run.path("run")): its newest checkpoint is taken, that of step \(isBroken ? 2 : 4)"
            )
            if isBroken { #expect(lines[0].hasPrefix("warning: \(newest) is passed over: ")) }
          }
        }
      }
    }

    @Test func `a better checkpoint than the newest is named`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 4, ["checkpoint.everySteps=2"])).status == 0)
        try CheckpointStore(path: run.path("run/checkpoints")).markBest(step: 2)
        let choice = try EncoderChoice(run.path("run"))
        #expect(
          choice.notes.count == 1 && choice.notes[0].hasSuffix("that of step 2: \(run.path("run/checkpoints/best"))"))
        let best = try TrainedEncoder(run.path("run/checkpoints/best"))
        let newest = try TrainedEncoder(run.path("run"))
        #expect(best.identity != newest.identity)
        #expect(best.identity == (try TrainedEncoder(run.path("run/checkpoints/step-00000002")).identity))
      }
    }

    @Test func `a mean of another encoder's embeddings is refused, in whichever format they are`() throws {
      try SmallRun.withEncoder { run in
        let other = try svdist(run.arguments(steps: 2, into: "other"))
        #expect(other.status == 0, "\(other.errors)")
        let evaluate = ["evaluate", "--trials", "\(run.corpus.path)/trials", "--subtract-mean"]
        for suffix in ["ark", "txt", "safetensors"] {
          for name in ["run", "other"] {
            let embed = try svdist([
              "embed", "--encoder", run.path(name), "--corpus", run.corpus.path, "--output",
              run.path("\(name).\(suffix)"),
            ])
            #expect(embed.status == 0, "\(embed.errors)")
          }
          let own = ["--embeddings", run.path("run.\(suffix)")]
          let mean = run.path("other.\(suffix == "ark" ? "scp" : suffix)")
          expectRefusal(
            try svdist(evaluate + [mean] + own), 64, "--subtract-mean \(mean): its embeddings are of another encoder")
          let same = try svdist(evaluate + [own[1]] + own)
          #expect(same.status == 0 && same.output.contains("minus mean"), "\(same.errors)")
          #expect(!same.errors.contains("not known"))
        }
        let direct = ["--encoder", run.path("run"), "--corpus", run.corpus.path]
        expectRefusal(try svdist(evaluate + [run.path("other.ark")] + direct), 64, "another encoder")
      }
    }

    @Test func `a mean of embeddings of an unknown encoder is subtracted with a note`() throws {
      try SmallRun.with(speakers: 2, utterances: 1) { run in
        var embeddings = try Embeddings(names: ["a", "b"], vectors: Matrix(rows: 2, columns: 2, [1, 0, 0.5, 1]))
        try EmbeddingFile.write(embeddings, to: run.path("unknown.safetensors"))
        embeddings.encoder = "known"
        try EmbeddingFile.write(embeddings, to: run.path("known.safetensors"))
        try "a a target\na b nontarget\n".write(toFile: run.path("trials"), atomically: true, encoding: .utf8)
        for (trials, mean, isKnown) in [
          ("unknown", "known", false), ("known", "unknown", false), ("unknown", "unknown", false),
          ("known", "known", true), ("unknown", "own", true),
        ] {
          let source = mean == "own" ? mean : run.path("\(mean).safetensors")
          let outcome = try svdist([
            "evaluate", "--trials", run.path("trials"), "--embeddings", run.path("\(trials).safetensors"),
            "--subtract-mean", source,
          ])
          #expect(outcome.status == 0 && outcome.output.contains("minus mean"), "\(outcome.errors)")
          #expect(outcome.errors.hasPrefix("note: --subtract-mean \(source): it is not known whether") == !isKnown)
        }
      }
    }

    @Test func `two that write one file at once both succeed, and it is one's`() throws {
      try SmallRun.withEncoder { run in
        #expect(try svdist(run.arguments(steps: 2, into: "other")).status == 0)
        let programs = try (0..<4).map { index in
          try Program(
            "svdist",
            [
              "embed", "--encoder", run.path(index % 2 == 0 ? "run" : "other"), "--corpus", run.corpus.path, "--output",
              run.path("e.ark"),
            ])
        }
        for program in programs {
          let outcome = try program.finish()
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let files = try ["e.ark", "e.scp"].map { try EmbeddingFile.read(run.path($0)) }
        #expect(files[0].vectors.values == files[1].vectors.values && files[0].encoder == files[1].encoder)
        #expect(files[0].encoder != nil)
        #expect(run.leftovers().isEmpty)
      }
    }

    @Test func `the list of a data directory is not written over by a script of embeddings`() throws {
      try SmallRun.withEncoder { run in
        let list = try Data(contentsOf: run.corpus.appending(path: "wav.scp"))
        expectRefusal(
          try svdist([
            "embed", "--encoder", run.path("run"), "--corpus", run.corpus.path, "--output",
            run.corpus.path + "/wav.ark",
          ]), 64, "\(run.corpus.path)/wav.scp")
        #expect(try Data(contentsOf: run.corpus.appending(path: "wav.scp")) == list)
      }
    }

    @Test func `scores replace nothing that evaluate reads, and what they cannot replace is told before the work`()
      throws
    {
      try SmallRun.withEncoder { run in
        let (corpus, trials) = (run.corpus.path, run.corpus.path + "/trials")
        for name in ["e", "mean"] {
          let embed = ["embed", "--encoder", run.path("run"), "--corpus", corpus, "--output", run.path("\(name).txt")]
          #expect(try svdist(embed).status == 0)
        }
        try FileManager.default.createSymbolicLink(atPath: run.path("link"), withDestinationPath: trials)
        let model = run.path("run/checkpoints/step-00000005/model.safetensors")
        let embedded = ["--embeddings", run.path("e.txt"), "--subtract-mean", run.path("mean.txt")]
        let direct = ["--encoder", model, "--corpus", corpus]
        for (source, scores, words) in [
          (embedded, trials, "--trials reads"), (embedded, run.path("link"), "--trials reads"),
          (embedded, run.path("e.txt"), "--embeddings reads"),
          (embedded, run.path("mean.txt"), "--subtract-mean reads"),
          (direct, model, "--encoder reads"), (direct, corpus + "/wav.scp", "--corpus reads"),
          (direct, corpus + "/s0-u0.wav", "holds no scores"), (direct, corpus, "is a folder"),
          (direct, run.path("no/scores"), "there is no folder"),
        ] {
          let before = FileManager.default.contents(atPath: scores)
          let outcome = try svdist(["evaluate", "--trials", trials, "--scores", scores] + source)
          expectRefusal(outcome, 64, scores, words)
          #expect(outcome.output.isEmpty && FileManager.default.contents(atPath: scores) == before)
        }
        for _ in 0..<2 {
          let outcome = try svdist(["evaluate", "--trials", trials, "--scores", corpus + "/scores"] + direct)
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
      }
    }

    @Test func `embeddings replace neither their encoder nor what holds none`() throws {
      try SmallRun.withEncoder { run in
        let model = run.path("run/checkpoints/step-00000005/model.safetensors")
        try FileManager.default.copyItem(atPath: model, toPath: run.path("other.safetensors"))
        try "s0-u0 s0\n".write(toFile: run.path("utt2spk.txt"), atomically: true, encoding: .utf8)
        for (output, words) in [
          (model, "--encoder reads"), (run.path("other.safetensors"), "holds no embeddings"),
          (run.path("utt2spk.txt"), "holds no embeddings"),
        ] {
          let before = FileManager.default.contents(atPath: output)
          let outcome = try svdist(["embed", "--encoder", model, "--corpus", run.corpus.path, "--output", output])
          expectRefusal(outcome, 64, output, words)
          #expect(before != nil && FileManager.default.contents(atPath: output) == before)
        }
      }
    }

    @Test func `verify prints a cosine, 1 for a recording and itself`() throws {
      try SmallRun.withEncoder { run in
        let wav = (0..<2).map { run.corpus.appending(path: "s0-u\($0).wav").path }
        let encoder = ["--encoder", run.path("run")]
        #expect(try svdist(["verify", wav[0], wav[0]] + encoder).output == "cosine 1.0000\n")
        let other = try svdist(["verify", wav[0], wav[1], "--threshold", "-1"] + encoder)
        #expect(
          other.output.range(of: "^cosine -?[01]\\.[0-9]{4}  same\n$", options: .regularExpression) != nil,
          "\(other.output)")
        for threshold in ["nan", "inf", "2"] {
          let refused = try svdist(["verify", wav[0], wav[0], "--threshold", threshold] + encoder)
          #expect(
            refused.status == 64 && refused.errors.contains("--threshold: -1.0 to 1.0, found"), "\(refused.errors)")
        }
        for kind in BrokenRecording.allCases {
          try kind.write(into: run.corpus)
          let bad = run.corpus.appending(path: kind.fileName).path
          expectRefusal(try svdist(["verify", wav[0], bad] + encoder), 65, bad, kind.reason)
        }
      }
    }

    @Test func `a recording that cannot be embedded, or a place that cannot be written, is named`() throws {
      try SmallRun.withEncoder { run in
        let arguments = ["embed", "--encoder", run.path("run"), "--corpus", run.corpus.path, "--output"]
        expectRefusal(try svdist(arguments + [run.path("e.npy")]), 64, "e.npy", ".safetensors")
        expectRefusal(try svdist(arguments + [run.path("no/e.txt")]), 64, "no/e.txt", "folder")
        try run.spoil("s2-u0", .truncated)
        for ranks in [nil, 2] {
          expectRefusal(
            try svdist(arguments + [run.path("e.txt")], mpi: ranks), 65, "truncated.wav", "is truncated",
            underLauncher: ranks != nil)
        }
        #expect(!FileManager.default.fileExists(atPath: run.path("e.txt")))
        #expect(run.leftovers().isEmpty)
        let encoder = ["verify", "a.wav", "b.wav", "--encoder"]
        expectRefusal(try svdist(encoder + [run.path("nowhere")]), 65, run.path("nowhere"))
        expectRefusal(try svdist(encoder + [run.corpus.path]), 65, run.corpus.path, "neither a run folder")
      }
    }
  }
}
