import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Recordings that cannot be used, found by preparation or met by training.
  @Suite struct BadRecordingTests {
    /// A folder tree with a speaker of good recordings, and one of bad ones.
    private func tree(in folder: URL, good: Int) throws -> URL {
      let tree = folder.appending(path: "tree")
      for speaker in ["bad", "good"] {
        try FileManager.default.createDirectory(
          at: tree.appending(path: speaker), withIntermediateDirectories: true)
      }
      for kind in BrokenRecording.allCases { try kind.write(into: tree.appending(path: "bad")) }
      try GeneratedCorpus.write(to: folder.appending(path: "corpus"), speakers: 1, utterances: max(good, 1))
      for index in 0..<good {
        try FileManager.default.copyItem(
          at: folder.appending(path: "corpus/s0-u\(index).wav"), to: tree.appending(path: "good/\(index).wav"))
      }
      return tree
    }

    @Test func `preparation leaves bad recordings out and says why of each`() throws {
      try withTemporaryFolder { folder in
        let output = folder.appending(path: "data")
        let outcome = try svdist(["prepare", try tree(in: folder, good: 2).path, "--output", output.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("9 utterances found"))
        #expect(outcome.output.contains("7 left out"))
        let report = try String(contentsOf: output.appending(path: "left-out.tsv"), encoding: .utf8)
        for kind in BrokenRecording.allCases where kind != .missing {
          let line = report.split(separator: "\n").first { $0.contains("/\(kind.fileName)\t") }
          #expect(line?.contains(kind.reason) == true, "\(kind): \(report)")
        }
        let speakers = try String(contentsOf: output.appending(path: "spk2utt"), encoding: .utf8)
        #expect(speakers == "good good/0.wav good/1.wav\n" || speakers.hasPrefix("good "), "\(speakers)")
      }
    }

    @Test func `preparation of bad recordings alone is refused and writes nothing`() throws {
      try withTemporaryFolder { folder in
        let output = folder.appending(path: "data")
        expectRefusal(
          try svdist(["prepare", try tree(in: folder, good: 0).path, "--output", output.path]), 65,
          "no utterance can be used", "is silent", "the first: ")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["corpus", "tree"])
      }
    }

    @Test func `a list without durations trains without its bad recordings and names them`() throws {
      for kind in BrokenRecording.allCases where kind != .silent && kind != .notANumber {
        try SmallRun.with { run in
          try run.spoil("s1-u1", kind)
          try FileManager.default.removeItem(at: run.corpus.appending(path: "utt2dur"))
          for ranks in [nil, 2] where ranks == nil || kind == .truncated {
            let outcome = try svdist(run.arguments(steps: 1, into: "run-\(ranks ?? 1)"), mpi: ranks)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n").filter { $0.contains(": 1 utterance left out, whose") }
            #expect(lines.count == 1, "\(outcome.output)")
            for word in ["s1-u1 (\(run.corpus.path)/\(kind.fileName)", kind.reason, "svdist prepare"] {
              #expect(lines.first?.contains(word) == true, "\(word): \(lines)")
            }
          }
        }
      }
    }

    @Test func `without durations, bad recordings are listed and counted before the first step`() throws {
      try SmallRun.with { run in
        try FileManager.default.removeItem(at: run.corpus.appending(path: "utt2dur"))
        for utterance in ["s1-u1", "s2-u0"] { try run.spoil(utterance, .missing) }
        for (name, ranks) in [("one", nil), ("two", 2)] {
          let few = try svdist(run.arguments(steps: 8, into: name), mpi: ranks)
          expectRefusal(
            few, 65, "2 of 16 utterances (12.5 %) cannot be read",
            run.path("\(name)/bad-utterances.tsv") + " lists them",
            underLauncher: ranks != nil)
          #expect(try listed(run, of: name).map { $0[0...1] } == [["0", "s1-u1"], ["0", "s2-u0"]])
          let enough = run.arguments(steps: 8, into: name, options: ["--max-bad-fraction", "0.2"])
          #expect(try svdist(enough, mpi: ranks).status == 0)
          #expect(try listed(run, of: name).count == 2)
          #expect(try run.state(step: 8, of: name).replaced == ["s1-u1", "s2-u0"])
        }
        try run.expectSame("one", "two", step: 8)
      }
    }

    @Test func `an id that is not wholly seen is written out in the list, once over all starts`() throws {
      try SmallRun.with { run in
        try FileManager.default.removeItem(at: run.corpus.appending(path: "utt2dur"))
        try run.edit("wav.scp", "s1-u1", "s1-u1\u{A0} gone.wav")
        try run.edit("utt2spk", "s1-u1", "s1-u1\u{A0} s1")
        let arguments = run.arguments(steps: 2, options: ["--max-bad-fraction", "0.2"])
        #expect(try svdist(arguments).status == 0)
        let lines = try listed(run, of: "run")
        #expect(lines.map { $0[0...1] } == [["0", "s1-u1\\u{A0}"]])
        // As earlier versions wrote it.
        let path = run.path("run/bad-utterances.tsv")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let earlier = text.replacingOccurrences(of: "s1-u1\\u{A0}", with: "s1-u1\u{A0}")
        try earlier.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try svdist(arguments).status == 0)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == earlier)
      }
    }

    @Test func `without durations, a run goes on though a recording vanished between its starts`() throws {
      try SmallRun.with { run in
        try FileManager.default.removeItem(at: run.corpus.appending(path: "utt2dur"))
        let arguments = run.arguments(steps: 12, ["checkpoint.everySteps=4", "checkpoint.keep=9"])
        #expect(try svdist(arguments).status == 0)
        for step in ["08", "12"] {
          try FileManager.default.removeItem(atPath: run.path("run/checkpoints/step-000000\(step)"))
        }
        try FileManager.default.removeItem(at: run.corpus.appending(path: "s1-u2.wav"))
        let resumed = try svdist(arguments)
        #expect(resumed.status == 0 && resumed.output.contains("resuming from step 4, "), "\(resumed.errors)")
        #expect(try listed(run, of: "run").map { $0[0...1] } == [["4", "s1-u2"]])
        #expect(try run.state(step: 12).replaced == ["s1-u2"])
      }
    }

    @Test(arguments: [nil, 2]) func `embeddings of a corpus without durations need all its recordings`(
      ranks: Int?
    ) throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 1)).status == 0)
        try FileManager.default.removeItem(at: run.corpus.appending(path: "utt2dur"))
        for utterance in ["s1-u1", "s2-u0"] { try run.spoil(utterance, .missing) }
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        let common = ["--encoder", run.path("run"), "--corpus", run.corpus.path]
        for command in [
          ["embed"] + common + ["--output", run.path("out.ark")],
          ["evaluate"] + common + ["--trials", "\(run.corpus.path)/trials"],
        ] {
          expectRefusal(
            try svdist(command, mpi: ranks), 65, BrokenRecording.missing.fileName, "and 1 more utterance",
            underLauncher: ranks != nil)
        }
        #expect(!FileManager.default.fileExists(atPath: run.path("out.ark")))
      }
    }

    @Test func `training replaces each kind of bad recording, reports it once and keeps it in mind`() throws {
      let kinds = BrokenRecording.allCases.count
      try SmallRun.with(speakers: kinds) { run in
        for (speaker, kind) in BrokenRecording.allCases.enumerated() { try run.spoil("s\(speaker)-u1", kind) }
        for (name, ranks) in [("one", nil), ("two", 2)] {
          let options = ["--max-bad-fraction", "0.3"]
          let outcome = try svdist(run.arguments(steps: 20, into: name, options: options), mpi: ranks)
          #expect(outcome.status == 0, "\(outcome.errors)")
          let reports = outcome.output.split(whereSeparator: \.isNewline).filter { $0.contains("is replaced") }
          #expect(reports.count == BrokenRecording.allCases.count, "\(reports)")
          for (speaker, kind) in BrokenRecording.allCases.enumerated() {
            let own = reports.filter { $0.contains("utterance s\(speaker)-u1 ") }
            #expect(own.count == 1 && own[0].contains(kind.reason), "\(kind): \(reports)")
          }
          let replaced = try run.state(step: 20, of: name).replaced
          #expect(replaced.sorted() == (0..<kinds).map { "s\($0)-u1" })
        }
        try run.expectSame("one", "two", step: 20)
        #expect(try run.state(step: 20, of: "one").replaced == run.state(step: 20, of: "two").replaced)
      }
    }

    /// The fields of the lines of a run's list of bad utterances, without the first line.
    private func listed(_ run: SmallRun, of name: String) throws -> [[Substring]] {
      try String(contentsOfFile: run.path("\(name)/bad-utterances.tsv"), encoding: .utf8)
        .split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
    }

    @Test func `a corpus with one bad file in twenty trains to the end and lists exactly those`() throws {
      try SmallRun.with(speakers: 16, utterances: 10) { run in
        let kinds = BrokenRecording.allCases
        let bad = kinds.indices.map { "s\(2 * $0)-u\($0)" }
        for (utterance, kind) in zip(bad, kinds) { try run.spoil(utterance, kind) }
        let settings = ["batch.speakers=8", "checkpoint.everySteps=4"]
        func arguments(_ name: String, _ options: [String] = []) -> [String] {
          run.arguments(steps: 14, settings, into: name, options: options)
        }
        let outcome = try svdist(arguments("whole"))
        #expect(outcome.status == 0, "\(outcome.errors)")
        let whole = try listed(run, of: "whole")
        #expect(whole.map { String($0[1]) }.sorted() == bad.sorted())
        for line in whole {
          let kind = try #require(bad.firstIndex(of: String(line[1])))
          #expect(line[2].hasSuffix("/\(kinds[kind].fileName)") && line[3].contains(kinds[kind].reason), "\(line)")
        }
        #expect(try run.state(step: 14, of: "whole").replaced == whole.map { String($0[1]) })

        for (name, ranks) in [("one", nil), ("two", 2)] {
          let stopped = try svdist(arguments(name, ["--max-bad-fraction", "0.02"]), mpi: ranks)
          expectRefusal(
            stopped, 65, "of 160 utterances", "more than --max-bad-fraction 0.02 allows",
            run.path("\(name)/bad-utterances.tsv"), underLauncher: ranks != nil)
          let done = run.metrics(name).count
          #expect(run.checkpoints(name).last == done && done < 14)
          let soFar = try listed(run, of: name)
          #expect(soFar.count > 3 && soFar == Array(whole.prefix(soFar.count)))
          // The same command stops again, and a higher bound goes on from there to the same end.
          #expect(try svdist(arguments(name, ["--max-bad-fraction", "0.02"]), mpi: ranks).status == 65)
          #expect(run.metrics(name).count == done)
          #expect(try svdist(arguments(name), mpi: ranks).status == 0)
          #expect(try listed(run, of: name) == whole)
        }
      }
    }

    @Test func `what is bad in one crop and not in another is replaced alike on one rank and on two`() throws {
      try SmallRun.with { run in
        for speaker in 0..<4 {
          for utterance in 0..<3 {
            try BrokenRecording.spoilEnd(of: run.corpus.appending(path: "s\(speaker)-u\(utterance).wav"))
          }
        }
        // Three rows a rank: the views of the second speaker are on different ranks.
        let settings = ["batch.utterances=1", "batch.unit=1", "seed=5"]
        for (name, ranks) in [("one", nil), ("two", 2)] {
          let options = ["--max-bad-fraction", "1"]
          let outcome = try svdist(run.arguments(steps: 12, settings, into: name, options: options), mpi: ranks)
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(try !run.state(step: 12, of: "one").replaced.isEmpty)
        try run.expectSame("one", "two", step: 12)
      }
    }

    @Test func `a speaker without a readable utterance ends the run with the steps so far kept`() throws {
      try SmallRun.with { run in
        for utterance in 0..<4 { try run.spoil("s2-u\(utterance)", .missing) }
        for ranks in [nil, 2] {
          let options = ["--max-bad-fraction", "1"]
          let outcome = try svdist(
            run.arguments(steps: 16, into: "run-\(ranks ?? 1)", options: options), mpi: ranks)
          expectRefusal(
            outcome, 65, "speaker 's2' has no readable utterance left", "no such file", underLauncher: ranks != nil)
          let done = run.metrics("run-\(ranks ?? 1)").count
          #expect(run.checkpoints("run-\(ranks ?? 1)") == (done == 0 ? [] : [done]))
        }
      }
    }

    @Test(arguments: [nil, 2]) func `a recording that vanishes during training is replaced and reported once`(
      ranks: Int?
    ) throws {
      try SmallRun.with { run in
        let program = try Program("svdist", run.arguments(steps: 60), ranks: ranks)
        try program.wait { run.metrics().count >= 3 }
        try FileManager.default.removeItem(at: run.corpus.appending(path: "s1-u2.wav"))
        let outcome = try program.finish()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let reports = outcome.output.split(whereSeparator: \.isNewline).filter { $0.contains("is replaced") }
        #expect(reports.count == 1 && reports[0].contains("s1-u2"), "\(reports)")
        #expect(try run.state(step: 60).replaced == ["s1-u2"])
        #expect(run.metrics().map(\.step) == Array(1...60))
      }
    }

    @Test func `noises that cannot be read give way to others, are told once, listed and counted`() throws {
      try SmallRun.with { run in
        let noises = run.folder.appending(path: "noises")
        try GeneratedCorpus.write(to: noises, speakers: 1, utterances: 2)
        let kinds: [BrokenRecording] = [.truncated, .text, .notANumber]
        for kind in kinds { try kind.write(into: noises) }
        let settings = ["augmentation.noise=\(noises.path)", "augmentation.probability=1"]
        for (name, ranks) in [("one", nil), ("two", 2)] {
          let outcome = try svdist(run.arguments(steps: 16, settings, into: name), mpi: ranks)
          #expect(outcome.status == 0, "\(outcome.errors)")
          let lines = outcome.output.split(whereSeparator: \.isNewline)
          let warnings = lines.filter { $0.hasPrefix("warning: a recording of augmentation.noise is replaced") }
          #expect(warnings.count == kinds.count, "\(outcome.output)")
          #expect(lines.contains { $0.hasPrefix("3 recordings to augment with could not be read and had others") })
          let listed = try listed(run, of: name)
          #expect(listed.count == kinds.count && listed.allSatisfy { $0[1] == "-" }, "\(listed)")
          for kind in kinds {
            #expect(warnings.contains { $0.contains("/\(kind.fileName)") && $0.contains(kind.reason) })
            #expect(listed.contains { $0[2].hasSuffix("/\(kind.fileName)") && $0[3].contains(kind.reason) })
          }
        }
        try run.expectSame("one", "two", step: 16)
        #expect(try listed(run, of: "one") == listed(run, of: "two"))
      }
    }

    @Test func `noises none of which can be read end the run by their setting's name`() throws {
      try SmallRun.with { run in
        let noises = run.folder.appending(path: "noises")
        try FileManager.default.createDirectory(at: noises, withIntermediateDirectories: true)
        for kind in [BrokenRecording.truncated, .text] { try kind.write(into: noises) }
        let settings = ["augmentation.noise=\(noises.path)", "augmentation.probability=1"]
        expectRefusal(
          try svdist(run.arguments(steps: 16, settings)), 65,
          "augmentation.noise: none of its 2 recordings can be read; the last one: ", noises.path)
      }
    }

    @Test func `a held-out recording that vanishes stops no training, and the last evaluation says it`() throws {
      try SmallRun.with { run in
        let held = run.folder.appending(path: "held-out")
        try GeneratedCorpus.write(to: held, speakers: 2, utterances: 2)
        try GeneratedCorpus.writeTrials(to: held, speakers: 2, utterances: 2)
        let settings = [
          "corpus.evaluation=\(held.path)", "corpus.trials=\(held.path)/trials", "evaluation.everySteps=10",
        ]
        let program = try Program("svdist", run.arguments(steps: 60, settings))
        try program.wait { run.metrics().count >= 2 }
        try FileManager.default.removeItem(at: held.appending(path: "s1-u1.wav"))
        let outcome = try program.finish()
        expectRefusal(outcome, 65, "held-out/s1-u1.wav: no such file")
        #expect(outcome.output.contains("warning: no evaluation at step "))
        #expect(run.checkpoints().last == 60)
        #expect(!FileManager.default.fileExists(atPath: run.path("run/evaluation/result.json")))
        try GeneratedCorpus.write(to: held, speakers: 2, utterances: 2)
        #expect(try svdist(run.arguments(steps: 60, settings)).status == 0)
        #expect(FileManager.default.fileExists(atPath: run.path("run/evaluation/result.json")))
      }
    }
  }
}
