import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Recordings of every content, in every way that they can go through the program.
  @Suite struct RecordingContentTests {
    private func sound(_ pitch: Double) -> [Float] {
      (0..<12_800).map { index in
        let time = Double(index)
        return Float(0.1 * sin(time * pitch) + 0.05 * sin(time * 0.19))
      }
    }

    private func write(_ samples: [Float], channels: Int = 1, to name: String, in run: SmallRun) throws {
      try WaveFile.floats(samples, channels: channels).write(to: run.corpus.appending(path: name))
    }

    /// Samples that no recording has: some, in every crop, that overflow features, and floats in the range of 16 bits.
    private var excessive: [String: [Float]] {
      var spike = sound(0.07)
      for index in stride(from: 500, to: spike.count, by: 3000) { spike[index] = 1.3e29 }
      return ["s1-u1": spike, "s2-u1": sound(0.07).map { 32_768 * $0 }]
    }

    @Test func `samples far beyond full scale are left out, replaced in training and never embedded`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 1, into: "encoder")).status == 0)
        for (name, samples) in excessive { try write(samples, to: "\(name).wav", in: run) }
        for options in [[], ["--shards"], ["--shards", "--decoded"], ["--join-shorter-than", "1"]] {
          let outcome = try svdist(["prepare", run.corpus.path, "-o", run.path("out"), "--overwrite"] + options)
          #expect(outcome.status == 0, "\(outcome.errors)")
          #expect(outcome.output.contains("  2: sample N is far beyond full scale\n"), "\(outcome.output)")
        }
        let trained = try svdist(run.arguments(steps: 12, options: ["--max-bad-fraction", "0.3"]))
        #expect(trained.status == 0, "\(trained.errors)")
        let bad = try String(contentsOfFile: run.path("run/bad-utterances.tsv"), encoding: .utf8)
        for name in excessive.keys {
          #expect(bad.split(separator: "\n").count { $0.contains("\t\(name)\t") } == 1, "\(bad)")
        }
        let encoder = ["--encoder", run.path("encoder")]
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        let corpus = ["--corpus", run.corpus.path]
        for arguments in [
          ["embed", "--output", run.path("e.txt")] + corpus,
          ["evaluate", "--trials", "\(run.corpus.path)/trials", "--scores", run.path("scores")] + corpus,
          ["verify", "\(run.corpus.path)/s0-u0.wav", "\(run.corpus.path)/s2-u1.wav"],
        ] {
          expectRefusal(try svdist(arguments + encoder), 65, "is far beyond full scale", "-u1.wav")
        }
        for name in ["e.txt", "scores"] { #expect(!FileManager.default.fileExists(atPath: run.path(name))) }
      }
    }

    @Test func `what is too short to tell a speaker by is refused by name`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 1, into: "encoder")).status == 0)
        try write(Array(sound(0.07).prefix(800)), to: "s1-u1.wav", in: run)
        let encoder = ["--encoder", run.path("encoder")]
        let path = "\(run.corpus.path)/s1-u1.wav"
        for arguments in [
          ["embed", "--output", run.path("e.txt"), "--corpus", run.corpus.path],
          ["verify", path, "\(run.corpus.path)/s0-u0.wav"],
        ] {
          expectRefusal(
            try svdist(arguments + encoder), 65, path, "lasts 0.05 s, too little to tell a speaker by: at least 0.1 s")
        }
      }
    }

    @Test func `embeddings and scores of several channels come with a note`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 1, into: "encoder")).status == 0)
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        let encoder = ["--encoder", run.path("encoder")]
        let (one, two) = ("\(run.corpus.path)/s0-u0.wav", "\(run.corpus.path)/s1-u0.wav")
        let calls = [
          ["embed", "--output", run.path("e.txt"), "--corpus", run.corpus.path],
          ["evaluate", "--trials", "\(run.corpus.path)/trials", "--corpus", run.corpus.path], ["verify", one, two],
        ]
        for call in calls { #expect(try !svdist(call + encoder).errors.contains("channels")) }
        try write(zip(sound(0.07), sound(0.31)).flatMap { [$0, $1] }, channels: 2, to: "s0-u0.wav", in: run)
        for (call, count) in zip(calls, ["1 of 16", "1 of 16", "1 of 1"]) {
          let outcome = try svdist(call + encoder)
          #expect(outcome.status == 0, "\(outcome.errors)")
          let notes = outcome.errors.split(separator: "\n").filter {
            $0.contains("is the mean of its recording's channels")
          }
          #expect(notes.count == 1 && notes[0].contains("\(count) utterance"), "\(outcome.errors)")
        }
      }
    }

    @Test func `channels are averaged with a word, or told apart`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        let (left, right) = (sound(0.07), sound(0.31))
        try write(zip(left, right).flatMap { [$0, $1] }, channels: 2, to: "s0-u0.wav", in: run)
        try write(left.flatMap { [$0, -$0] }, channels: 2, to: "s1-u0.wav", in: run)
        let prepare = ["prepare", run.corpus.path, "-o", run.path("out"), "--overwrite"]
        let mean = try svdist(prepare)
        #expect(mean.status == 0, "\(mean.errors)")
        #expect(mean.output.contains("  1: its N channels cancel each other\n"), "\(mean.output)")
        #expect(mean.output.contains("note: 1 utterance is the mean of its recording's channels; --channel 0"))
        let each = try svdist(prepare + ["--channel", "each"])
        #expect(each.status == 0, "\(each.errors)")
        #expect(each.output.contains("  4 of one channel, written as 16-bit FLAC to \(run.path("out/svdist-audio"))\n"))
        #expect(!each.output.contains("are the mean"), "\(each.output)")
        let corpus = try Corpus.open(run.path("out"))
        #expect(corpus.speakers == ["s0", "s0-ch0", "s0-ch1", "s1", "s1-ch0", "s1-ch1"])
        let one = try svdist(prepare + ["--channel", "1"])
        #expect(one.output.contains("  2: has N channel\n"), "\(one.output)")
        for wrong in ["-1", "left", "1024"] {
          let outcome = try svdist(prepare + ["--channel=\(wrong)"])
          #expect(outcome.status == 64 && outcome.errors.contains("--channel"), "\(outcome.errors)")
        }
      }
    }
  }
}
