import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Recordings of several channels that training is given as they are.
  @Suite struct SeveralChannelsTests {
    /// A recording of two channels of those of two recordings of one.
    private func joined(_ run: SmallRun, _ left: String, _ right: String) throws -> Data {
      let sides = try [left, right].map {
        [UInt8](try Data(contentsOf: run.corpus.appending(path: "\($0).wav")).dropFirst(44))
      }
      let samples = stride(from: 0, to: sides[0].count, by: 2).flatMap { place in
        sides.flatMap { [$0[place], $0[place + 1]] }
      }
      return WaveFile.bytes(format: 1, sampleBytes: 2, samples, channels: 2)
    }

    @Test func `training on the channels that segments name is training on recordings of one channel`() throws {
      try SmallRun.with { run in
        let calls = run.folder.appending(path: "telephone")
        try FileManager.default.createDirectory(at: calls, withIntermediateDirectories: true)
        var lists = ["wav.scp": "", "utt2spk": "", "segments": ""]
        for speaker in 0..<4 {
          for utterance in 0..<4 {
            let (id, call) = ("s\(speaker)-u\(utterance)", "call\(speaker / 2)-\(utterance)")
            lists["utt2spk"]? += "\(id) s\(speaker)\n"
            lists["segments"]? += "\(id) \(call) 0 0.8 \(speaker % 2)\n"
            guard speaker % 2 == 0 else { continue }
            lists["wav.scp"]? += "\(call) \(call).wav\n"
            try joined(run, id, "s\(speaker + 1)-u\(utterance)").write(to: calls.appending(path: "\(call).wav"))
          }
        }
        for (name, text) in lists {
          try text.write(to: calls.appending(path: name), atomically: true, encoding: .utf8)
        }
        for (name, corpus, ranks) in [("one", run.corpus, nil), ("calls", calls, 2)] {
          let outcome = try svdist(run.arguments(steps: 12, ["corpus.train=\(corpus.path)"], into: name), mpi: ranks)
          #expect(outcome.status == 0, "\(outcome.errors)")
          #expect(!outcome.output.contains("is the mean of"), "\(outcome.output)")
        }
        try run.expectSame("one", "calls", step: 12)
      }
    }

    @Test func `means of channels are told once and counted, in training and of held-out recordings`() throws {
      try SmallRun.with { run in
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        for (id, other) in [("s0-u0", "s1-u1"), ("s2-u3", "s3-u0")] {
          try joined(run, id, other).write(to: run.corpus.appending(path: "\(id).wav"))
        }
        let settings = [
          "corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.corpus.path)/trials", "evaluation.everySteps=8",
        ]
        for (name, ranks) in [("one", nil), ("two", 2)] {
          let outcome = try svdist(run.arguments(steps: 24, settings, into: name), mpi: ranks)
          #expect(outcome.status == 0, "\(outcome.errors)")
          let lines = outcome.output.split(whereSeparator: \.isNewline)
          let first = lines.filter { $0.contains("is the mean of its recording's 2 channels, and so are others") }
          #expect(first.count == 1 && first[0].hasPrefix("note: utterance s"), "\(outcome.output)")
          let counted = "note: 2 utterances that this start heard are the mean of their recordings' channels"
          #expect(lines.count { $0.hasPrefix(counted) } == 1, "\(outcome.output)")
          let heldOut = "note: held-out evaluation: 2 of 16 utterances are the mean of their recordings' channels"
          #expect(lines.count { $0.hasPrefix(heldOut) } == 1, "\(outcome.output)")
        }
        try run.expectSame("one", "two", step: 24)
      }
    }
  }
}
