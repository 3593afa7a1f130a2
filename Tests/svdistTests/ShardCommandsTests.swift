import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Shards from the command line on.
  @Suite struct ShardCommandsTests {
    @Test func `training and embeddings from shards are those from files, to the bit, on two ranks too`() throws {
      try SmallRun.with { run in
        let outcome = try svdist([
          "prepare", run.corpus.path, "-o", run.path("shards"), "--shards", "--utterances-per-shard", "5",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
          outcome.output.contains("16 utterances, 0.00 h\n  4 shards of up to 5 utterances\n"), "\(outcome.output)")
        let settings = ["corpus.train=\(run.path("shards"))", "views.augmented=[false,false]"]
        for (name, corpus) in [("files", []), ("from-shards", settings)] as [(String, [String])] {
          let training = try svdist(run.arguments(steps: 3, ["views.augmented=[false,false]"] + corpus, into: name))
          #expect(training.status == 0, "\(training.errors)")
        }
        #expect(run.losses("files").count == 3 && run.losses("files") == run.losses("from-shards"))
        #expect(
          try run.checkpointFile("model.safetensors", step: 3, of: "files")
            == run.checkpointFile("model.safetensors", step: 3, of: "from-shards"))
        for (name, ranks) in [("corpus", nil), ("shards", nil), ("shards", 2)] as [(String, Int?)] {
          let embedding = try svdist(
            [
              "embed", "--encoder", run.path("files"), "--corpus", run.path(name), "--output",
              run.path("\(name)-\(ranks ?? 1).txt"),
            ], mpi: ranks)
          #expect(embedding.status == 0, "\(embedding.errors)")
        }
        let vectors = try ["corpus-1", "shards-1", "shards-2"].map {
          try String(contentsOfFile: run.path("\($0).txt"), encoding: .utf8)
        }
        #expect(Set(vectors).count == 1 && !vectors[0].isEmpty)
      }
    }

    @Test func `a check names the shards that are damaged, and training goes on without those that are missing`() throws
    {
      try SmallRun.with { run in
        let data = run.path("data")
        let prepare = ["prepare", run.corpus.path, "-o", data, "--shards", "--decoded", "--utterances-per-shard", "6"]
        #expect(try svdist(prepare).status == 0)
        let check = try svdist(["prepare", "--check", data])
        #expect(check.status == 0 && check.output == "\(data): 3 shards, 16 utterances, all as they were written\n")

        let shard = run.path("data/svdist-shards/shards_000000002.tar")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: shard))
        bytes[2000] ^= 1
        try bytes.write(to: URL(fileURLWithPath: shard))
        let damaged = try svdist(["prepare", "--check", data])
        #expect(damaged.output == "\(shard) has other bytes than were written (SHA-256): 4 utterances\n")
        expectRefusal(damaged, 65, "1 of 3 shards are damaged, with 4 of 16 utterances")
        let again = try svdist(["prepare", data, "-o", run.path("again")])
        #expect(again.output.contains("4 left out"), "\(again.output)")
        #expect(again.output.contains("  4: its shard is damaged\n"), "\(again.output)")

        try FileManager.default.removeItem(atPath: shard)
        let arguments = run.arguments(steps: 1, ["corpus.train=\(data)"])
        let refused = try svdist(arguments, mpi: 2)
        expectRefusal(
          refused, 65, "4 of 16 utterances (25.0 %) cannot be read, more than --max-bad-fraction 0.1",
          "4 are in damaged shards", underLauncher: true)
        let training = try svdist(arguments + ["--max-bad-fraction", "0.25"], mpi: 2)
        let warning = "warning: \(data): 1 damaged shard with 4 utterances left out: \(shard) is missing"
        #expect(training.status == 0 && training.output.contains(warning), "\(training.output)\(training.errors)")

        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        let evaluation = ["corpus.evaluation=\(data)", "corpus.trials=\(run.corpus.path)/trials"]
        expectRefusal(
          try svdist(run.arguments(steps: 1, evaluation, into: "evaluated")), 65,
          "is not in the corpus it is scored on: the corpus: 1 damaged shard with 4 utterances left out: \(shard) is missing"
        )
      }
    }

    @Test func `svdist's own list of shards is read without those that are damaged`() throws {
      try SmallRun.with { run in
        let data = run.path("data")
        #expect(
          try svdist(["prepare", run.corpus.path, "-o", data, "--shards", "--utterances-per-shard", "4"]).status == 0)
        let shard = run.path("data/svdist-shards/shards_000000001.tar")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: shard))
        bytes[700] ^= 1
        try bytes.write(to: URL(fileURLWithPath: shard))
        let again = try svdist(["prepare", "\(data)/shard.list", "-o", run.path("again")])
        #expect(again.status == 0 && again.output.contains("12 utterances"), "\(again.output)\(again.errors)")
        #expect(again.output.contains("\(shard) has other bytes than were written (SHA-256)"), "\(again.output)")
      }
    }

    @Test func `a shard that is lost while two ranks train ends the run with one line once that is too much`() throws {
      try SmallRun.with { run in
        let data = run.path("data")
        #expect(
          try svdist(["prepare", run.corpus.path, "-o", data, "--shards", "--utterances-per-shard", "4"]).status == 0)
        let arguments = run.arguments(steps: 1_000_000, ["corpus.train=\(data)"])
        let program = try Program("svdist", arguments, ranks: 2)
        try program.wait { run.metrics().count >= 2 }
        // The ranks hold it open: cut off, it is lost to them as well.
        let shard = run.path("data/svdist-shards/shards_000000001.tar")
        try Data().write(to: URL(fileURLWithPath: shard), options: [])
        let outcome = try program.finish()
        expectRefusal(
          outcome, 65, "of 16 utterances", "cannot be read, more than --max-bad-fraction 0.1", "bad-utterances.tsv",
          underLauncher: true)
        let lost = try String(contentsOfFile: run.path("run/bad-utterances.tsv"), encoding: .utf8)
          .split(separator: "\n").dropFirst()
        #expect((2...4).contains(lost.count), "\(lost)")
        for line in lost { #expect(line.contains("\(shard):") && line.contains("is not in its shard"), "\(line)") }
      }
    }

    @Test func `options that contradict each other are refused`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        for (arguments, message) in [
          (["--check", "-o", run.path("out")], "--check writes nothing"),
          (["--check", "--listen", "3"], "--check writes nothing: leave out --listen"),
          ([], "Missing expected argument '--output <output>'"),
          (["-o", run.path("out"), "--decoded"], "--decoded says how --shards writes audio"),
          (["-o", run.path("out"), "--utterances-per-shard", "5"], "--utterances-per-shard says how --shards divides"),
          (["-o", run.path("out"), "--shards", "--utterances-per-shard", "0"], "--utterances-per-shard: 1 to"),
        ] as [([String], String)] {
          let outcome = try svdist(["prepare", run.corpus.path] + arguments)
          #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
        }
        expectRefusal(try svdist(["prepare", "--check", run.corpus.path]), 65, "no shards.tsv")
      }
    }
  }
}
