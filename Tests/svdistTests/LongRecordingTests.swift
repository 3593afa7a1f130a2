import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Recordings that are embedded in pieces of a stated length.
  @Suite struct LongRecordingTests {
    /// Calls `body` with a run and the settings of a held-out corpus of two speakers, each with two recordings.
    private func withLong(
      seconds: Double, _ body: (_ run: SmallRun, _ corpus: URL, _ settings: [String]) throws -> Void
    ) throws {
      try SmallRun.with { run in
        let corpus = run.folder.appending(path: "long")
        try GeneratedCorpus.write(to: corpus, speakers: 2, utterances: 2, seconds: seconds)
        try GeneratedCorpus.writeTrials(to: corpus, speakers: 2, utterances: 2)
        try body(run, corpus, ["corpus.evaluation=\(corpus.path)", "corpus.trials=\(corpus.path)/trials"])
      }
    }

    @Test func `a run and the commands embed in pieces of a stated length, and a run says so once`() throws {
      try withLong(seconds: 5) { run, corpus, settings in
        let remark = "4 of 4 utterances are longer than 2 s: the embedding of each is the mean of those of equal pieces"
        let outcome = try svdist(
          run.arguments(steps: 2, settings + ["evaluation={everySteps: 1, longestPiece: 2}"]))
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.filter { $0.contains(" equal pieces") } == ["note: held-out evaluation: \(remark)"])
        #expect(lines.count { $0.contains("  held-out EER ") } == 3)

        let encoder = ["--encoder", run.path("run"), "--corpus", corpus.path]
        let own = try String(contentsOfFile: run.path("run/evaluation/scores"), encoding: .utf8)
        for (options, isOwn) in [(["--longest-piece", "2"], true), ([], false)] {
          let evaluate = ["evaluate", "--trials", "\(corpus.path)/trials", "--scores", run.path("scores")] + encoder
          let evaluated = try svdist(evaluate + options)
          let embedded = try svdist(["embed", "--output", run.path("e.ark")] + encoder + options)
          for outcome in [evaluated, embedded] {
            #expect(outcome.status == 0 && outcome.errors.contains("note: \(remark)\n") == isOwn, "\(outcome.errors)")
          }
          let scores = try String(contentsOfFile: run.path("scores"), encoding: .utf8)
          #expect((scores == own) == isOwn)
        }
        let wav = corpus.appending(path: "s0-u0.wav").path
        let verified = try svdist(["verify", wav, wav, "--encoder", run.path("run"), "--longest-piece", "4.5"])
        #expect(verified.output == "cosine 1.0000\n")
        #expect(verified.errors.contains("note: \(wav): 1 of 1 utterance is longer than 4.5 s"), "\(verified.errors)")
      }
    }

    @Test func `lengths of pieces that are no use are refused before anything is read`() throws {
      let commands = [
        ["embed", "--encoder", "e", "--corpus", "c", "--output", "e.ark"],
        ["evaluate", "--encoder", "e", "--corpus", "c", "--trials", "t"],
        ["verify", "a.wav", "b.wav", "--encoder", "e"],
      ]
      for command in commands {
        for (length, message) in [
          ("1.9", "--longest-piece: 2.0 to 3600.0 seconds, found 1.9"),
          ("3601", "--longest-piece: 2.0 to 3600.0 seconds, found 3601.0"),
          ("nan", "--longest-piece: 2.0 to 3600.0 seconds, found nan"),
          ("long", "'long' is invalid for '--longest-piece"),
          ("0x10", "'0x10' is invalid for '--longest-piece"),
          ("1e400", "--longest-piece: 2.0 to 3600.0 seconds, found inf"),
        ] {
          let outcome = try svdist(command + ["--longest-piece", length])
          #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
        }
      }
      let outcome = try svdist(["evaluate", "--embeddings", "e.ark", "--trials", "t", "--longest-piece", "20"])
      #expect(outcome.status == 64 && outcome.errors.contains("leave it out with --embeddings"), "\(outcome.errors)")
    }

    @Test func `the memory foretold grows with the longest piece, up to the recordings, and is what is taken`() throws {
      try withLong(seconds: 120) { run, _, settings in
        var said: [Int: Double] = [:]
        for seconds in [30, 60, 120, 240] {
          let own = ["weighting.space=representation", "evaluation.longestPiece=\(seconds)"]
          let program = try Program(
            "svdist",
            run.arguments(
              steps: 100_000, settings + own, encoder: ["encoder.channels=256"], into: "run-\(seconds)"),
            ranks: 1)
          said[seconds] = try program.foretoldMemory()
          if seconds == 60 {
            try program.wait { !run.metrics("run-60").isEmpty }
            let taken = try program.peakMemory(ofRank: 0)
            #expect(abs(said[60]! - taken) < 0.15 * taken, "foretold \(said[60]!), taken \(taken) GB")
          }
          program.killAll()
          _ = try program.finish()
        }
        let growth = [(30, 60), (60, 120), (120, 240)].map { said[$1]! - said[$0]! }
        #expect(growth[0] > 0.04 && abs(growth[1] - 2 * growth[0]) < 0.03 + 0.1 * growth[1], "\(said)")
        #expect(abs(growth[2]) < 0.015, "\(said)")
      }
    }

    @Test func `the memory foretold grows with threads that embed side by side, and no more is taken`() throws {
      try withLong(seconds: 15) { run, _, settings in
        var said: [Int: Double] = [:]
        for threads in [1, 4] {
          var arguments = run.arguments(
            steps: 100_000, settings + ["weighting.space=representation"], encoder: ["encoder.channels=256"],
            into: "run-\(threads)")
          let place = try #require(arguments.firstIndex(of: "--threads"))
          arguments[place + 1] = "\(threads)"
          let program = try Program("svdist", arguments, ranks: 1)
          said[threads] = try program.foretoldMemory()
          if threads == 4 {
            try program.wait { !run.metrics("run-4").isEmpty }
            let taken = try program.peakMemory(ofRank: 0)
            #expect(taken < 1.15 * said[4]!, "foretold \(said[4]!), taken \(taken) GB")
          }
          program.killAll()
          _ = try program.finish()
        }
        #expect(said[4]! - said[1]! > 0.04, "\(said)")
      }
    }
  }
}
