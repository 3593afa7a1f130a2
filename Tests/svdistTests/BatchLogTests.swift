import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `--log-batches`: what every row of every step was.
  @Suite struct BatchLogTests {
    private static let steps = 16

    private struct Step: Decodable {
      let step: Int
      let seconds: Double
      let rows: [Row]
    }

    private struct Row: Decodable {
      let utterance: String
      let replaces: String?
      let speaker: String
      let view: Int
      let start: Double
      let speed: Double?
    }

    /// All that is drawn, over a corpus with files that are missing and files that are bad in part.
    private func arguments(_ run: SmallRun, into name: String) throws -> [String] {
      let settings = [
        "batch.utterances=2", "crop.maximumSeconds=0.7",
        "augmentation={noise: \(run.path("noises")), probability: 0.7}",
        "augmentation={babble: {corpus: true}, volume: {probability: 0.5}, speed: {factors: [0.9, 1, 1.1]}}",
        "augmentation={codec: {probability: 0.3, kinds: [mu-law]}, specAugment: {probability: 0.5}}",
      ]
      return run.arguments(
        steps: Self.steps, settings, into: name, options: ["--log-batches", "--max-bad-fraction", "0.9"])
    }

    private func log(_ run: SmallRun, _ name: String) throws -> String {
      try String(contentsOfFile: run.path("\(name)/batches.jsonl"), encoding: .utf8)
    }

    private func prepare(_ run: SmallRun) throws {
      try GeneratedCorpus.write(to: run.folder.appending(path: "noises"), speakers: 2, utterances: 1)
      try run.spoil("s1-u1", .missing)
      for utterance in 0..<3 {
        try BrokenRecording.spoilEnd(of: run.corpus.appending(path: "s2-u\(utterance).wav"))
      }
    }

    @Test func `one rank, two and three log the same utterances, crops and augmentations`() throws {
      try SmallRun.with { run in
        try prepare(run)
        for (name, ranks) in [("one", nil), ("two", 2), ("three", 3)] {
          let outcome = try svdist(arguments(run, into: name), mpi: ranks)
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let one = try log(run, "one")
        #expect(try log(run, "two") == one)
        #expect(try log(run, "three") == one)
        let logged = try one.split(separator: "\n").map { try JSONDecoder().decode(Step.self, from: Data($0.utf8)) }
        #expect(logged.map(\.step) == Array(1...Self.steps))
        #expect(logged.allSatisfy { $0.rows.count == 12 })
        let lengths = CropLengths(0.4...0.7, seed: Configuration().seed)
        let seconds = (0..<Self.steps).map { lengths.seconds(step: $0) }
        #expect(Set(seconds).count > 1 && zip(logged, seconds).allSatisfy { abs($0.seconds - $1) < 1e-9 })
        let rows = logged.flatMap(\.rows)
        let replaced = rows.filter { $0.replaces != nil }
        #expect(
          replaced.contains { $0.replaces == "s1-u1" } && replaced.contains { $0.replaces?.hasPrefix("s2") == true })
        #expect(replaced.allSatisfy { $0.utterance != $0.replaces && $0.utterance.hasPrefix($0.speaker + "-") })
        #expect(rows.allSatisfy { ($0.view == 1) || $0.speed == nil } && rows.contains { $0.speed == 0.9 })
        #expect(rows.allSatisfy { $0.start >= 0 && $0.start < 0.5 })
        for sign in ["\"noise\":[", "\"babble\":[", "\"codec\":", "\"gain\":", "\"masks\":["] {
          #expect(one.contains(sign))
        }
      }
    }

    @Test func `speeds as speakers of their own are the same on one rank and two, and a bad file is told once`() throws
    {
      try SmallRun.with { run in
        try run.spoil("s1-u1", .missing)
        let settings = ["augmentation.speed={factors: [0.9, 1, 1.1], asSpeakers: true}", "batch.speakers=4"]
        var outputs: [String] = []
        for (name, ranks) in [("one", nil), ("two", 2)] {
          let options = ["--log-batches", "--max-bad-fraction", "0.9", "--readers", "2"]
          let outcome = try svdist(
            run.arguments(steps: Self.steps, settings, into: name, options: options), mpi: ranks)
          #expect(outcome.status == 0, "\(outcome.errors)")
          outputs.append(outcome.output)
          let bad = try String(contentsOfFile: run.path("\(name)/bad-utterances.tsv"), encoding: .utf8)
          #expect(bad.split(separator: "\n").dropFirst().map { $0.split(separator: "\t")[1] } == ["s1-u1"])
          #expect(outcome.output.components(separatedBy: "utterance s1-u1 is replaced").count == 2, "\(outcome.output)")
        }
        let one = try log(run, "one")
        #expect(try log(run, "two") == one)
        try run.expectSame("one", "two", step: Self.steps)
        for sign in ["@0.9", "@1.1", #""replaces":"s1-u1"#] { #expect(one.contains(sign)) }
        #expect(run.metrics("one").allSatisfy { $0.loadSeconds >= 0 })
      }
    }

    @Test func `a run that goes on with another number of ranks logs the same batches`() throws {
      try SmallRun.with { run in
        try prepare(run)
        #expect(try svdist(arguments(run, into: "whole")).status == 0)
        let program = try Program("svdist", arguments(run, into: "run"), ranks: 2)
        try program.wait { run.metrics().count >= 4 }
        program.send(SIGUSR1)
        #expect(try program.finish().status == 75)
        // A torn line and one of a step that is taken again.
        let log = try FileHandle(forWritingTo: run.folder.appending(path: "run/batches.jsonl"))
        try log.seekToEnd()
        try log.write(contentsOf: Data("{\"step\":15,\"rows\":[]}\n{\"st".utf8))
        try log.close()
        #expect(try svdist(arguments(run, into: "run")).status == 0)
        #expect(try self.log(run, "run") == self.log(run, "whole"))
      }
    }
  }
}
