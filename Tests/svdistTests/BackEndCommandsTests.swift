import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// `fit` and `score` on embeddings that are drawn.
  @Suite struct BackEndCommandsTests {
    /// A folder with the embeddings and speakers of a training set, of trials' utterances, and the trials.
    private func withSets(_ body: (URL) throws -> Void) throws {
      try withTemporaryFolder { folder in
        func set(_ name: String, speakers: Int, seed: UInt64) throws {
          var stream = RandomStream(seed: seed, purpose: .test)
          var (names, values, lines) = ([String](), [Float](), "")
          for speaker in 0..<speakers {
            let voice = (0..<6).map { _ in stream.normal() }
            for utterance in 0..<5 {
              names.append("\(name)\(speaker)-\(utterance)")
              values += voice.map { Float($0 + 0.8 * stream.normal()) }
              lines += "\(names.last ?? "") \(name)\(speaker)\n"
            }
          }
          var embeddings = try Embeddings(
            names: names, vectors: Matrix(rows: names.count, columns: 6, values), encoder: "one")
          try EmbeddingFile.write(embeddings, to: folder.path + "/\(name).safetensors")
          embeddings.encoder = "other"
          try EmbeddingFile.write(embeddings, to: folder.path + "/\(name)-other.safetensors")
          try write(folder, "\(name)-utt2spk", lines)
          try write(folder, "\(name)-utt2dur", names.enumerated().map { "\($1) \(2 + $0 % 7)\n" }.joined())
        }
        try set("train", speakers: 20, seed: 1)
        try set("test", speakers: 8, seed: 2)
        let trials = (0..<8).flatMap { one in
          (0..<8).flatMap { other in
            (1..<4).map { "test\(one)-0 test\(other)-\($0) \(one == other ? "target" : "nontarget")\n" }
          }
        }
        try write(folder, "trials", trials.joined())
        try body(folder)
      }
    }

    private func write(_ folder: URL, _ name: String, _ text: String) throws {
      try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    private func fit(_ folder: URL, _ options: [String] = [], to output: String = "b.safetensors") throws -> Outcome {
      try svdist(
        ["fit", "--embeddings", folder.path + "/train.safetensors", "--speakers", folder.path + "/train-utt2spk"]
          + ["--output", folder.path + "/\(output)"] + options)
    }

    private func score(
      _ folder: URL, _ options: [String] = [], embeddings: String = "test.safetensors", trials: String = "trials",
      mpi ranks: Int? = nil
    ) throws -> Outcome {
      try svdist(
        ["score", "--back-end", folder.path + "/b.safetensors", "--embeddings", folder.path + "/\(embeddings)"]
          + ["--trials", folder.path + "/\(trials)"] + options, mpi: ranks)
    }

    @Test func `a back end is fitted, and its scores are written and judged`() throws {
      try withSets { folder in
        let calibration =
          ["--calibration", folder.path + "/trials"] + [
            "--calibration-embeddings", folder.path + "/test.safetensors",
          ]
        let durations = ["--utt2dur", folder.path + "/test-utt2dur"]
        for (options, scoring, words) in [
          ([], [], "cosine, AS-norm by 20 of 20 speakers"),
          (["--normalization", "s-norm", "--cohort", "utterances"], [], "cosine, S-norm by 100 of 100 utterances"),
          (["--scoring", "plda", "--lda", "5", "--normalization", "none"], [], "PLDA, LDA to 5"),
          (
            ["--scoring", "plda", "--adapt", folder.path + "/test.safetensors", "--top", "7"], [], "AS-norm by 7 of 20"
          ),
          (calibration, [], "calibrated"),
          (
            calibration + ["--qualities", "durations", "magnitudes"] + durations, durations,
            "with durations and magnitudes"
          ),
        ] {
          let fitted = try fit(folder, options)
          #expect(fitted.status == 0 && fitted.output.contains(words), "\(fitted.errors)")
          #expect(
            fitted.output.hasSuffix(", fitted to 100 embeddings of 20 speakers, in \(folder.path)/b.safetensors\n"))
          let scored = try score(folder, ["--scores", folder.path + "/scores"] + scoring)
          #expect(scored.status == 0 && scored.errors.isEmpty, "\(scored.errors)")
          #expect(scored.output.contains("\(words)") && scored.output.contains("  EER "), "\(scored.output)")
          #expect(scored.output.hasSuffix("(192 trials, 24 targets)\n"))
          let lines = try String(contentsOfFile: folder.path + "/scores", encoding: .utf8).split(separator: "\n")
          #expect(lines.count == 192)
          let form = "^test0-0 test0-1 -?[0-9]+\\.[0-9]{5} target$"
          #expect(lines[0].range(of: form, options: .regularExpression) != nil, "\(lines[0])")
        }
      }
    }

    @Test(arguments: [2, 3]) func `ranks share the scores, with the bytes of one process`(ranks: Int) throws {
      try withSets { folder in
        for options in [[], ["--scoring", "plda", "--top", "7"]] {
          #expect(try fit(folder, options).status == 0)
          let alone = try score(folder, ["--scores", folder.path + "/alone"])
          let together = try score(folder, ["--scores", folder.path + "/together"], mpi: ranks)
          #expect(together.status == 0 && together.output == alone.output, "\(together.errors)")
          for suffix in ["", ".origin"] {
            let files = try ["alone", "together"].map { try Data(contentsOf: folder.appending(path: $0 + suffix)) }
            #expect(files[0] == files[1])
          }
        }
        try write(folder, "unknown", "test0-0 test0-1 target\ntest0-0 nobody nontarget\n")
        expectRefusal(
          try score(folder, trials: "unknown", mpi: ranks), 65, "line 2: utterance nobody has no embedding",
          underLauncher: true)
      }
    }

    @Test func `a threshold says of which scores it is`() throws {
      try withSets { folder in
        #expect(try fit(folder).status == 0)
        #expect(try score(folder, ["--scores", folder.path + "/scores"]).status == 0)
        let threshold = ["threshold", folder.path + "/scores", "--false-accepts", "0.2"]
        let found = try svdist(threshold + ["--output", folder.path + "/t.json"])
        #expect(found.status == 0 && found.errors.isEmpty, "\(found.errors)")
        #expect(found.output.contains("\nof cosine, AS-norm by 20 of 20 speakers, back end "), "\(found.output)")
        let origin = try #require(DecisionFile.read(folder.path + "/t.json").scores)
        #expect(origin.kind == "cosine, AS-norm by 20 of 20 speakers" && origin.encoder == "one")
        #expect(origin.backEnd == (try InputFile(path: folder.path + "/b.safetensors").digest()))
        try FileManager.default.removeItem(atPath: folder.path + "/scores.origin")
        let unknown = try svdist(threshold + ["--output", folder.path + "/t.json"])
        #expect(unknown.errors.hasPrefix("note: \(folder.path)/scores: nothing tells how its scores were made"))
        #expect(try DecisionFile.read(folder.path + "/t.json").scores == nil)
        try write(folder, "scores.origin", "my notes")
        expectRefusal(try score(folder, ["--scores", folder.path + "/scores"]), 64, "scores.origin, which would tell")
      }
    }

    @Test func `a back end is known by its name beside its encoder`() throws {
      try withSets { folder in
        let encoder = folder.path + "/model.safetensors"
        try write(folder, "model.safetensors", "")
        try FileManager.default.createDirectory(
          at: folder.appending(path: "back-ends"), withIntermediateDirectories: false)
        let fitted = try svdist(
          ["fit", "--embeddings", folder.path + "/train.safetensors", "--speakers", folder.path + "/train-utt2spk"]
            + ["--output", folder.path + "/back-ends/phone.safetensors"])
        #expect(fitted.status == 0, "\(fitted.errors)")
        let arguments = [
          "score", "--embeddings", folder.path + "/test.safetensors", "--trials", folder.path + "/trials",
        ]
        let scored = try svdist(arguments + ["--back-end", "phone", "--encoder", encoder, "--json"])
        #expect(scored.status == 0 && scored.output.hasPrefix("{\"eer\":"), "\(scored.errors)")
        expectRefusal(try svdist(arguments + ["--back-end", "phone"]), 64, "needs --encoder")
        expectRefusal(
          try svdist(arguments + ["--back-end", "home", "--encoder", encoder]), 65, "back-ends/home.safetensors")
      }
    }

    @Test func `enrolments of several utterances, lists without answers and repeated trials are scored`() throws {
      try withSets { folder in
        #expect(try fit(folder, ["--scoring", "plda"]).status == 0)
        try write(folder, "map", "speaker test3-0 test3-1\nalone test4-0\n")
        try write(folder, "blind", "speaker test3-2\nalone test3-2\nspeaker test3-2\n")
        let scores = folder.path + "/scores"
        let map = ["--enrolment-map", folder.path + "/map"]
        expectRefusal(try score(folder, map, trials: "blind"), 64, "has no answers: give --scores")
        let outcome = try score(folder, map + ["--scores", scores], trials: "blind")
        #expect(outcome.output == "3 trials without answers scored\n", "\(outcome.errors)")
        #expect(outcome.errors.hasPrefix("note: \(folder.path)/blind: 1 of 3 trials repeat others"))
        let lines = try String(contentsOfFile: scores, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3 && lines[0] == lines[2] && lines[0].hasPrefix("speaker test3-2 "))
      }
    }

    @Test func `evaluate applies a back end beside the cosine`() throws {
      try withSets { folder in
        #expect(try fit(folder).status == 0)
        let scored = try score(folder, ["--scores", folder.path + "/scores"])
        let arguments =
          ["evaluate", "--embeddings", folder.path + "/test.safetensors", "--trials", folder.path + "/trials"]
          + ["--back-end", folder.path + "/b.safetensors"]
        for ranks in [nil, 2] {
          let outcome = try svdist(arguments + ["--scores", folder.path + "/again"], mpi: ranks)
          #expect(outcome.status == 0 && outcome.output.hasPrefix("raw cosine  EER "), "\(outcome.errors)")
          #expect(outcome.output.hasSuffix(scored.output))
          let files = try ["scores", "again"].map { try Data(contentsOf: folder.appending(path: $0)) }
          #expect(files[0] == files[1])
        }
        #expect(try svdist(arguments + ["--subtract-mean", "own"]).status == 64)
        try write(folder, "shared", "test0-0 train3\n")
        expectRefusal(
          try svdist(arguments + ["--speakers", folder.path + "/shared"]), 64, "speaker train3 of the trials is in")
      }
    }

    @Test func `systems are fused by their scores of other trials`() throws {
      try withSets { folder in
        for (name, options) in [("a", ["--scoring", "plda"]), ("b", ["--normalization", "none"])] {
          #expect(try fit(folder, options).status == 0)
          #expect(try score(folder, ["--scores", folder.path + "/\(name)"]).status == 0)
        }
        let systems = ["a", "b"].map { folder.path + "/" + $0 }
        let fused = try svdist(["fuse"] + systems + ["--by"] + systems + ["--scores", folder.path + "/fused"])
        #expect(fused.status == 0 && fused.output.contains("fused  EER "), "\(fused.errors)")
        let lines = try String(contentsOfFile: folder.path + "/fused", encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 192 && lines[0].hasSuffix(" target"))
        #expect(try svdist(["fuse"] + systems + ["--by", systems[0]]).status == 64)
        expectRefusal(
          try svdist(["fuse", systems[0], "--by", systems[0], "--scores", systems[0]]), 64, "is what svdist fuse reads")
        expectRefusal(
          try svdist(["fuse", systems[0], "--by", folder.path + "/trials"]), 65, "trials, line 1: expected")
      }
    }

    @Test func `what cannot be fitted is told in a line`() throws {
      try withSets { folder in
        let other = folder.path + "/test-other.safetensors"
        for (options, status, words) in [
          (["--cohort-embeddings", folder.path + "/none.ark"], Int32(65), "none.ark"),
          (["--cohort-embeddings", folder.path + "/test.safetensors"], 65, "tells no speaker of utterance test0-0"),
          (["--adapt", other, "--scoring", "plda"], 64, "--adapt \(other): its embeddings are of another encoder"),
          (["--lda", "7"], 65, "--lda 7: 20 speakers, whose utterances differ in 6 of 6 directions, have at most 6"),
          (["--calibration", folder.path + "/trials"], 65, "line 1: utterance test0-0 has no embedding"),
        ] {
          expectRefusal(try fit(folder, options), status, words)
          #expect(!FileManager.default.fileExists(atPath: folder.path + "/b.safetensors"))
        }
        for options in [
          ["--adapt", other], ["--qualities", "magnitudes"], ["--top", "1"], ["--prior", "1"], ["--lda", "0"],
          ["--normalization", "none", "--cohort-embeddings", other],
          ["--calibration", folder.path + "/trials", "--qualities", "durations"],
          ["--calibration", folder.path + "/trials", "--qualities", "cohort-means", "--normalization", "none"],
        ] {
          #expect(try fit(folder, options).status == 64, "\(options)")
        }
        expectRefusal(try fit(folder, to: "train.safetensors"), 64, "is what --embeddings reads")
        expectRefusal(try fit(folder, to: "test.safetensors"), 64, "holds no back end")
        try write(folder, "one-kind", "test0-0 test1-0 nontarget\ntest0-0 test2-0 nontarget\n")
        let one = [
          "--calibration", folder.path + "/one-kind", "--calibration-embeddings", folder.path + "/test.safetensors",
        ]
        expectRefusal(try fit(folder, one), 65, "\(folder.path)/one-kind: all 2 trials are non-targets")
      }
    }

    @Test func `what cannot be scored is told in a line`() throws {
      try withSets { folder in
        expectRefusal(try score(folder), 65, "b.safetensors")
        #expect(try fit(folder).status == 0)
        expectRefusal(try score(folder, embeddings: "test-other.safetensors"), 64, "another encoder (other)")
        try write(folder, "narrow.txt", "test0-0 [ 1 2 ]\n")
        expectRefusal(try score(folder, embeddings: "narrow.txt"), 65, "2 dimensions, the back end is for 6")
        try write(folder, "shared", "test0-0 train3\n")
        let speakers = ["--speakers", folder.path + "/shared"]
        expectRefusal(try score(folder, speakers), 64, "speaker train3 of the trials is in the back end's cohort")
        #expect(try score(folder, speakers + ["--allow-overlap"]).status == 0)
        let trials = folder.path + "/trials"
        expectRefusal(try score(folder, ["--scores", trials]), 64, "is what --trials reads")
        expectRefusal(try score(folder, ["--scores", folder.path + "/b.safetensors"]), 64, "is what --back-end reads")
        try write(folder, "targets", "test0-0 test0-1 target\n")
        expectRefusal(try score(folder, trials: "targets"), 65, "\(folder.path)/targets: all 1 trials are targets")
        try write(folder, "unknown", "test0-0 nobody target\ntest0-0 test1-0 nontarget\n")
        expectRefusal(try score(folder, trials: "unknown"), 65, "line 1: utterance nobody has no embedding")
      }
    }
  }
}
