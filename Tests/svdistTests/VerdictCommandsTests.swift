import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// What `verify` and `evaluate` say of short recordings, of enrolments of several and by back ends and thresholds.
  @Suite struct VerdictCommandsTests {
    @Test func `tests are cut to lengths, and those that are no longer stay whole`() throws {
      try SmallRun.withEncoder { run in
        let arguments = [
          "evaluate", "--encoder", run.path("run"), "--corpus", run.corpus.path, "--trials",
          "\(run.corpus.path)/trials",
        ]
        let outcome = try svdist(arguments + ["--durations", "0.25,100"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        let figures = lines.map { line in line.range(of: "EER").map { line[$0.lowerBound...] } }
        #expect(lines[1].hasPrefix("tests of 0.25 s (0 of 15 are no longer)  EER "), "\(lines[1])")
        #expect(lines[2].hasPrefix("tests of 100 s (15 of 15 are no longer)  EER "), "\(lines[2])")
        #expect(figures[2] == figures[0])
        #expect(figures[1] != figures[0])
        #expect(try svdist(arguments + ["--durations", "0.25,100"], mpi: 2).output == outcome.output)
        for wrong in ["0.1", "1,,2", "x"] {
          expectUsage(try svdist(arguments + ["--durations", wrong]), "--durations")
        }
      }
    }

    @Test func `tests that are cut are scored by a back end too, as files of their embeddings are`() throws {
      try SmallRun.withEncoder { run in
        let encoder = ["--encoder", run.path("run")]
        let embeddings = run.path("e.safetensors")
        #expect(try svdist(["embed", "--corpus", run.corpus.path, "--output", embeddings] + encoder).status == 0)
        let fit = ["fit", "--embeddings", embeddings, "--speakers", run.corpus.path, "--output", "b"] + encoder
        #expect(try svdist(fit).status == 0)
        let trials = "\(run.corpus.path)/trials"
        let arguments = ["evaluate", "--corpus", run.corpus.path, "--trials", trials, "--back-end", "b"] + encoder
        let outcome = try svdist(arguments + ["--durations", "0.25,100", "--allow-overlap"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let figures = outcome.output.split(separator: "\n").map { line in
          line.range(of: "EER").map { String(line[$0.lowerBound...]) } ?? ""
        }
        #expect(figures.count == 4 && figures[3] == figures[1])
        let extractor = try TrainedEncoder(run.path("run")).extractor
        let corpus = try Corpus.open(run.corpus.path)
        let cut = try extractor.embeddings(
          of: corpus.utterances.map { $0.middle(0.25) }, communicator: SoleCommunicator())
        let list = try TrialList.read(trials)
        let backEnd = try BackEndFile.read(run.path("run/back-ends/b.safetensors"))
        let scores = try backEnd.scores(of: list, TrialEmbeddings(cut, enrolments: EmbeddingFile.read(embeddings)))
        #expect(figures[2] == (try DetectionMetrics(scores: scores, targets: list.targets).summary))
        #expect(
          try svdist(arguments + ["--durations", "0.25,100", "--allow-overlap"], mpi: 2).output == outcome.output)
      }
    }

    @Test func `scores of crops are the mean of all pairs' cosines`() throws {
      try SmallRun.withEncoder { run in
        let encoder = ["--encoder", run.path("run")]
        let options = ["--crops", "3", "--crop-seconds", "0.25"]
        let wavs = (0..<2).map { run.corpus.appending(path: "s0-u\($0).wav").path }
        let extractor = try TrainedEncoder(run.path("run")).extractor
        let corpus = try Corpus.open(run.corpus.path)
        let crops = try wavs.map { wav in
          let seconds = try AudioInspection.inspect(path: wav).seconds
          let starts = (0..<3).map { Double(Int(16_000 * (seconds - 0.25)) * $0 / 2) / 16_000 }
          return try starts.map { try extractor.embedding(path: wav, start: $0, seconds: 0.25, name: wav) }
        }
        let pairs = crops[0].flatMap { one in crops[1].map { Double(TrialScorer.cosine(one, $0)) } }
        let mean = pairs.reduce(0, +) / 9
        let verified = try svdist(["verify"] + wavs + encoder + options)
        #expect(verified.output == String(format: "cosine %.4f\n", mean), "\(verified.errors)")
        let evaluate = ["evaluate", "--corpus", run.corpus.path, "--trials", "\(run.corpus.path)/trials"] + encoder
        let outcome = try svdist(evaluate + options + ["--scores", run.path("scores")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasPrefix("raw cosine  EER "))
        #expect(lines.last?.hasPrefix("3 crops of 0.25 s  EER ") == true)
        let scores = try String(contentsOfFile: run.path("scores"), encoding: .utf8).split(separator: "\n")
        let pair = scores.first { $0.hasPrefix("s0-u0 s0-u1 ") || $0.hasPrefix("s0-u1 s0-u0 ") }
        let score = try #require(pair?.split(separator: " ")[2])
        #expect(abs((Double(score) ?? 9) - mean) < 2e-5)
        #expect(try ScoreOrigin.of(scores: run.path("scores"))?.kind == "cosine, mean of 3 crops of 0.25 s")
        #expect(try svdist(evaluate + options, mpi: 2).output == outcome.output)
        #expect(corpus.utterances.count == 16)
        for wrong in [
          ["--crops", "1"], ["--crop-seconds", "2"], options + ["--durations", "1"],
          ["--crops", "2", "--crop-seconds", "0"],
        ] {
          expectUsage(try svdist(evaluate + wrong), "--crop")
        }
      }
    }

    @Test func `a threshold of other scores, or of another encoder's, is refused`() throws {
      try SmallRun.withEncoder { run in
        let encoder = ["--encoder", run.path("run")]
        let wav = run.corpus.appending(path: "s0-u0.wav").path
        let verify = ["verify", wav, wav] + encoder + ["--threshold", run.path("t.json")]
        let identity = try TrainedEncoder(run.path("run")).identity
        func keep(_ origin: ScoreOrigin) throws {
          let rate = { (value: Double) in "{\"value\":\(value),\"low\":\(value),\"high\":\(value)}" }
          let scores = String(decoding: try JSONEncoder().encode(origin), as: UTF8.self)
          let text =
            "{\"format\":\"svdist threshold 1\",\"wantedFalseAccepts\":0.01,\"falseAccepts\":\(rate(0.01)),"
            + "\"misses\":\(rate(0.1)),\"targets\":1,\"nonTargets\":2,\"speakers\":3,\"threshold\":\(rate(0.5)),"
            + "\"scores\":\(scores)}"
          try text.write(toFile: run.path("t.json"), atomically: true, encoding: .utf8)
        }
        try keep(ScoreOrigin(kind: "cosine", encoder: identity))
        let outcome = try svdist(verify)
        #expect(outcome.output == "cosine 1.0000  same\n" && outcome.errors.contains("not known") == false)
        expectRefusal(try svdist(verify + ["--crops", "2", "--crop-seconds", "0.3"]), 64, "is of other scores (cosine")
        try keep(ScoreOrigin(kind: "cosine, AS-norm by 20 of 20 speakers", encoder: identity, backEnd: "12"))
        expectRefusal(try svdist(verify), 64, "t.json: is of other scores (cosine, AS-norm by 20 of 20 speakers,")
        try keep(ScoreOrigin(kind: "cosine", encoder: "another"))
        expectRefusal(try svdist(verify), 64, "encoder another", String(identity.prefix(12)))
      }
    }

    @Test func `a back end of another encoder is refused before anything is embedded`() throws {
      try SmallRun.withEncoder { run in
        let encoder = ["--encoder", run.path("run")]
        let file = run.path("e.safetensors")
        #expect(try svdist(["embed", "--corpus", run.corpus.path, "--output", file] + encoder).status == 0)
        var others = try EmbeddingFile.read(file)
        others.encoder = "another"
        try EmbeddingFile.write(others, to: file)
        let fit = ["fit", "--embeddings", file, "--speakers", run.corpus.path, "--output", run.path("b.safetensors")]
        #expect(try svdist(fit).status == 0)
        // Nothing can be embedded of this one.
        try run.spoil("s0-u0", .notANumber)
        let arguments = ["evaluate", "--corpus", run.corpus.path, "--trials", "\(run.corpus.path)/trials"] + encoder
        #expect(try svdist(arguments).status == 65)
        let back = ["--back-end", run.path("b.safetensors"), "--allow-overlap"]
        expectRefusal(try svdist(arguments + back), 64, "of another encoder", "(another)")
      }
    }

    @Test func `an enrolment of several recordings is the mean of their embeddings`() throws {
      try SmallRun.withEncoder { run in
        let wavs = (0..<3).map { run.corpus.appending(path: "s0-u\($0).wav").path }
        let encoder = ["--encoder", run.path("run")]
        let pair = try svdist(["verify", wavs[0], wavs[2]] + encoder)
        #expect(pair.status == 0, "\(pair.errors)")
        #expect(try svdist(["verify", "--enrol", wavs[0], "--test", wavs[2]] + encoder).output == pair.output)
        let both = try svdist(["verify", "--enroll", wavs[0], wavs[1], "--test", wavs[2]] + encoder)
        #expect(both.output.hasPrefix("cosine "))
        let extractor = try TrainedEncoder(run.path("run")).extractor
        let vectors = try wavs.map { try extractor.embedding(path: $0, name: $0) }
        let mean = zip(vectors[0], vectors[1]).map { Float((Double($0) + Double($1)) / 2) }
        #expect(both.output == String(format: "cosine %.4f\n", TrialScorer.cosine(mean, vectors[2])))
        for wrong in [[wavs[0]], [wavs[0], wavs[1], wavs[2]], ["--enrol", wavs[0]], [wavs[0], "--test", wavs[1]]] {
          expectUsage(try svdist(["verify"] + wrong + encoder), "two recordings are compared")
        }
      }
    }

    @Test func `a stored threshold gives verify its answers`() throws {
      try SmallRun.withEncoder { run in
        let wav = run.corpus.appending(path: "s0-u0.wav").path
        func rule(_ low: Double, _ high: Double) throws -> String {
          let rate = { (value: Double) in "{\"value\":\(value),\"low\":\(value),\"high\":\(value)}" }
          let text =
            "{\"format\":\"svdist threshold 1\",\"wantedFalseAccepts\":0.01,\"falseAccepts\":\(rate(0.01)),"
            + "\"misses\":\(rate(0.1)),\"targets\":1,\"nonTargets\":2,\"speakers\":3,"
            + "\"threshold\":{\"value\":\(low),\"low\":\(low),\"high\":\(high)}}"
          let file = run.path("rule.json")
          try text.write(toFile: file, atomically: true, encoding: .utf8)
          return file
        }
        for (low, high, answer) in [(0.2, 0.4, "same"), (0.5, 1.5, "cannot tell"), (1.2, 1.5, "different")] {
          let outcome = try svdist(
            ["verify", wav, wav, "--encoder", run.path("run"), "--threshold", try rule(low, high)])
          #expect(outcome.output == "cosine 1.0000  \(answer)\n")
        }
        let verify = ["verify", wav, wav, "--encoder", run.path("run"), "--threshold"]
        expectRefusal(try svdist(verify + [wav]), 65, "no threshold")
        expectUsage(try svdist(verify + [run.path("absent")]), "neither a number nor a file")
      }
    }

    @Test func `verify scores by a back end as svdist score does`() throws {
      try SmallRun.withEncoder { run in
        let embeddings = run.path("e.safetensors")
        let encoder = ["--encoder", run.path("run")]
        #expect(try svdist(["embed", "--corpus", run.corpus.path, "--output", embeddings] + encoder).status == 0)
        let fit = ["fit", "--embeddings", embeddings, "--speakers", run.corpus.path] + encoder
        #expect(try svdist(fit + ["--output", "plain", "--normalization", "none"]).status == 0)
        let trials = "\(run.corpus.path)/trials"
        #expect(try svdist(fit + ["--output", "usual", "--calibration", trials]).status == 0)
        let map = run.path("enroll.map")
        try "s0 s0-u0 s0-u1\n".write(toFile: map, atomically: true, encoding: .utf8)
        let list = run.path("list")
        try "s0 s0-u2\n".write(toFile: list, atomically: true, encoding: .utf8)
        for (name, words) in [("plain", "cosine"), ("usual", "log-likelihood ratio")] {
          let scores = run.path("scores")
          let scored = try svdist(
            [
              "score", "--back-end", name, "--embeddings", embeddings, "--trials", list, "--enrolment-map", map,
              "--scores",
              scores,
            ] + encoder)
          #expect(scored.status == 0, "\(scored.errors)")
          let line = try String(contentsOfFile: scores, encoding: .utf8)
          let score = try #require(line.split(whereSeparator: \.isWhitespace).last.flatMap { Double($0) })
          let wavs = (0..<3).map { run.corpus.appending(path: "s0-u\($0).wav").path }
          let verify = ["verify", "--enrol", wavs[0], wavs[1], "--test", wavs[2], "--back-end", name] + encoder
          let outcome = try svdist(verify + ["--threshold", "-100"])
          #expect(outcome.output.hasPrefix("\(words) ") && outcome.output.hasSuffix("  same\n"), "\(outcome.errors)")
          let found = try #require(outcome.output.dropFirst(words.count + 1).split(separator: " ").first)
          #expect(abs((Double(found) ?? 99) - score) < 1e-4)
          if name == "plain" { expectRefusal(try svdist(verify + ["--back-end", "absent"]), 65, "absent") }
        }
      }
    }

    @Test func `recordings with too little speech are refused by name`() throws {
      try SmallRun.withEncoder { run in
        let wav = run.corpus.appending(path: "s0-u0.wav").path
        let encoder = ["--encoder", run.path("run")]
        expectRefusal(try svdist(["verify", wav, wav, "--minimum-speech", "60"] + encoder), 65, "s of speech")
        let embed = ["embed", "--corpus", run.corpus.path, "--output", run.path("e.ark")] + encoder
        expectRefusal(try svdist(embed + ["--minimum-speech", "60"]), 65, "16 of 16 utterances have less than 60.0 s")
        #expect(try svdist(embed + ["--minimum-speech", "0"]).status == 0)
        expectUsage(try svdist(embed + ["--minimum-speech", "-1"]), "--minimum-speech")
      }
    }

    @Test func `verify scores by a back end as score does`() throws {
      try SmallRun.withEncoder { run in
        let embeddings = run.path("e.ark")
        let embed = ["embed", "--encoder", run.path("run"), "--corpus", run.corpus.path, "--output", embeddings]
        #expect(try svdist(embed).status == 0)
        let utterances = try Corpus.open(run.corpus.path).utterances.map { $0 }
        let lengths = utterances.map { "\($0.id) \($0.seconds)\n" }.joined()
        let answers = (0..<120).map { trial in
          "s\(trial % 4)-u\(trial / 4 % 4) s\(trial / 16 % 4)-u3 \(trial % 7 < 2 ? "target" : "nontarget")\n"
        }
        for (name, text) in [("utt2dur", lengths), ("answers", answers.joined()), ("pair", "s0-u0 s0-u1\n")] {
          try text.write(toFile: run.path(name), atomically: true, encoding: .utf8)
        }
        let back = ["--back-end", "one", "--encoder", run.path("run")]
        let fit =
          ["fit", "--embeddings", embeddings, "--speakers", run.corpus.path, "--output", "one"] + back.suffix(2)
        let durations = ["--utt2dur", run.path("utt2dur")]
        let calibration = ["--calibration", run.path("answers"), "--qualities", "durations", "magnitudes"]
        for (options, lengths, name) in [
          ([], [], "cosine"), (calibration + durations, durations, "log-likelihood ratio"),
        ] {
          let fitted = try svdist(fit + ["--normalization", "none"] + options)
          #expect(fitted.status == 0, "\(fitted.errors)")
          let score = [
            "score", "--embeddings", embeddings, "--trials", run.path("pair"), "--scores", run.path("scores"),
          ]
          let scored = try svdist(score + back + lengths)
          #expect(scored.status == 0, "\(scored.errors)")
          let wavs = (0..<2).map { run.corpus.appending(path: "s0-u\($0).wav").path }
          let verified = try svdist(["verify"] + wavs + back + ["--threshold", "-90"])
          #expect(verified.status == 0 && verified.output.hasPrefix(name + " "), "\(verified.errors)")
          #expect(verified.output.hasSuffix("  same\n"))
          let number = verified.output.dropFirst(name.count + 1).split(separator: " ").first.flatMap { Double($0) }
          let line = try String(contentsOfFile: run.path("scores"), encoding: .utf8)
          let expected = line.split(whereSeparator: \.isWhitespace).last.flatMap { Double($0) }
          #expect(abs((number ?? .nan) - (expected ?? .infinity)) < 1e-4)
        }
        var others = try EmbeddingFile.read(embeddings)
        others.encoder = "another"
        let foreign = run.path("foreign.safetensors")
        try EmbeddingFile.write(others, to: foreign)
        let misplaced = ["fit", "--embeddings", foreign, "--speakers", run.corpus.path, "--output", "two"]
        expectRefusal(try svdist(misplaced + back.suffix(2)), 64, foreign, "are of another encoder")
        expectRefusal(
          try svdist(["verify", "a.wav", "b.wav", "--back-end", "two", "--encoder", run.path("run")]), 65,
          "back-ends/two.safetensors")
      }
    }
  }
}
