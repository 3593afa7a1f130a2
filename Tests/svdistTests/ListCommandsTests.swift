import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Lists and folders of others, as the commands read them and what they say of them.
  @Suite struct ListCommandsTests {
    private func write(_ text: String, _ path: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    @Test func `trials without answers are scored, contradicted ones told, and CR LF taken`() throws {
      try SmallRun.with(speakers: 2, utterances: 3) { run in
        let training = try svdist(run.arguments(steps: 1, ["batch.speakers=2"]))
        #expect(training.status == 0, "\(training.errors)")
        try write("s0-u0 s0-u1\r\ns0-u0 s1-u0\r\n", run.path("blind"))
        try write("s0-u0 s0-u1 tgt\r\n\r\ns0-u0 s1-u0 tgt\r\ns0-u2 s1-u0 imp\r\n", run.path("wrong"))
        let evaluate = ["evaluate", "--encoder", run.path("run"), "--corpus", run.corpus.path, "--trials"]
        expectRefusal(try svdist(evaluate + [run.path("blind")]), 64, "has no answers: give --scores FILE")
        expectRefusal(
          try svdist(evaluate + [run.path("blind"), "--scores", run.path("s"), "--json"]), 64, "--json has no result")
        let blind = try svdist(evaluate + [run.path("blind"), "--scores", run.path("scores")], mpi: 2)
        #expect(blind.status == 0 && blind.output == "2 trials without answers scored\n", "\(blind.errors)")
        let lines = try String(contentsOfFile: run.path("scores"), encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2 && lines.allSatisfy { $0.split(separator: " ").count == 3 })
        let wrong = try svdist(evaluate + [run.path("wrong")])
        #expect(wrong.status == 0 && wrong.output.hasPrefix("raw cosine  EER"))
        #expect(wrong.errors.contains("contradict 1 of 3 trials, the first in line 3: s0-u0 is of s0, s1-u0 of s1"))
      }
    }

    @Test func `columns are named on the command line, and what is passed over is counted`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        let rows = ["s0-u0", "s0-u1", "s1-u0", "gone"].map { "\(run.corpus.path)/\($0).wav;\($0.prefix(2))\n" }
        try write("wav;spk_id\r\n" + rows.joined() + "x\r\n", run.path("list.csv"))
        let prepare = ["prepare", run.path("list.csv"), "-o", run.path("out")]
        expectRefusal(try svdist(prepare), 65, "list.csv:1: the header names no column 'path'", "--columns")
        let invisible = try svdist(prepare + ["--columns", "w\u{200B}=file"])
        #expect(invisible.status == 64 && invisible.errors.contains("'w\\u{200B}=file' is not"), "\(invisible.errors)")
        let mistyped = try svdist(prepare + ["--columns", "wav=file"])
        #expect(mistyped.status == 64 && mistyped.errors.contains("'wav=file' is not NAME=COLUMN"))
        let outcome = try svdist(prepare + ["--columns", "wav=path,spk_id=speaker"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("5 utterances found\n2 left out"), "\(outcome.output)")
        let table = try String(contentsOfFile: run.path("out/left-out.tsv"), encoding: .utf8)
        #expect(table.contains("\(run.path("list.csv")):6\t1 field, but the header has 2\n"), "\(table)")
        let tree = run.path("tree/s\u{301}/a\u{200B}b")
        try FileManager.default.createDirectory(atPath: tree, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: run.corpus.path + "/s0-u0.wav", toPath: tree + "/u.wav")
        for name in ["u.flac", "notes.txt", "x.m4a"] { try write("x", "\(tree)/\(name)") }
        let found = try svdist(["prepare", run.path("tree"), "-o", run.path("out"), "--overwrite"])
        #expect(found.status == 0 && found.output.contains("\npassed over: 1 .txt\n"), "\(found.output)\(found.errors)")
        let left = try String(contentsOfFile: run.path("out/left-out.tsv"), encoding: .utf8)
        #expect(
          left.contains("a\\u{200B}b/u.flac\tis a copy of a recording that is taken: u.wav")
            && left.contains("x.m4a\tis .m4a"), "\(left)")
      }
    }

    @Test func `a message shows what cannot be seen, and stays on one line`() throws {
      try withTemporaryFolder { folder in
        for (name, status, message) in [
          ("a\u{200B}\tb", 65, "a\\u{200B}\\u{9}b: no such folder"),
          ("a\u{200B}\nb", 64, "a\\u{200B}\\u{A}b: a line break in a path"),
        ] as [(String, Int32, String)] {
          let outcome = try svdist(["prepare", folder.path + "/" + name, "-o", folder.path + "/out"])
          expectRefusal(outcome, status, message)
        }
      }
    }

    @Test(arguments: ["/dev/zero"]) func `a list without an end is refused`(device: String) throws {
      expectRefusal(try svdist(["config", "--config", device]), 64, "\(device): more than 1 MB")
    }

    @Test func `a corpus made by hand trains without what cannot be read, and says so`() throws {
      try SmallRun.with { run in
        for name in ["s0-u3", "s1-u3", "s2-u3", "s3-u3"] {
          try Data("no audio".utf8).write(to: run.corpus.appending(path: "\(name).wav"))
        }
        try FileManager.default.removeItem(at: run.corpus.appending(path: "utt2dur"))
        for ranks in [nil, 2] {
          let arguments = run.arguments(steps: 1, into: "run-\(ranks ?? 1)")
          expectRefusal(
            try svdist(arguments, mpi: ranks), 65, "4 of 16 utterances (25.0 %) cannot be read",
            underLauncher: ranks != nil)
          let outcome = try svdist(arguments + ["--max-bad-fraction", "0.5"], mpi: ranks)
          #expect(outcome.status == 0, "\(outcome.errors)")
          let lines = outcome.output.split(separator: "\n").filter { $0.contains("4 utterances left out") }
          #expect(
            lines.count == 1 && lines[0].contains("s0-u3 (") && !lines[0].contains("s3-u3 ("), "\(outcome.output)")
        }
      }
    }

    @Test func `training and evaluation on the same voices is refused, unless it is wanted`() throws {
      try SmallRun.with { run in
        try write("s0-u0 s0-u1 1\ns0-u0 s1-u0 0\n", run.path("trials"))
        let arguments = run.arguments(
          steps: 1, ["corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.path("trials"))"])
        let shared =
          "corpus.train and corpus.evaluation share 4 speakers (s0, s1, s2 …), 16 utterances (s0-u0, s0-u1, s0-u2 …), 16 files"
        for ranks in [nil, 2] {
          expectRefusal(
            try svdist(arguments.filter { $0 != "--allow-overlap" }, mpi: ranks), 65, shared, "--allow-overlap",
            underLauncher: ranks != nil)
        }
        #expect(!FileManager.default.fileExists(atPath: run.path("run")))
        let outcome = try svdist(arguments)
        #expect(outcome.status == 0 && outcome.output.contains("warning: \(shared)"), "\(outcome.output)")
      }
    }
  }
}
