import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// svdist prepare on layouts in miniature.
  @Suite struct PrepareCommandTests {
    @Test func `what a killed prepare left is told, and an option that there is not before a missing one`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        for name in [".data.12.partial", ".data.x.partial", ".other.12.partial"] {
          try FileSystem.createFolder(run.path(name))
        }
        let outcome = try svdist(["prepare", run.corpus.path, "-o", run.path("data")])
        #expect(outcome.status == 0)
        let notes = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("note: ") }
        #expect(notes.count == 1 && notes[0].hasPrefix("note: \(run.path(".data.12.partial")) was left by"), "\(notes)")
        try FileSystem.createFolder(run.path(".d\u{200B}.12.partial"))
        let invisible = try svdist(["prepare", run.corpus.path, "-o", run.path("d\u{200B}")])
        #expect(invisible.errors.contains("/.d\\u{200B}.12.partial was left by"), "\(invisible.errors)")
        let mistyped = try svdist(["prepare", run.corpus.path, "--outpt", "x"])
        #expect(mistyped.status == 64 && mistyped.errors.contains("did you mean --output?"), "\(mistyped.errors)")
      }
    }

    @Test func `short utterances are joined and said to be, and train`() throws {
      try SmallRun.with { run in
        let source = run.corpus.path
        let refused = try svdist(["prepare", source, "-o", run.path("out"), "--join-shorter-than", "0"])
        #expect(refused.status == 64 && refused.errors.contains("--join-shorter-than 0.0: give more than 0 seconds"))
        let outcome = try svdist([
          "prepare", source, "-o", run.path("out"), "--layout", "kaldi", "--join-shorter-than", "1",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("out: 4 speakers, 8 utterances, 0.00 h\n"))
        #expect(outcome.output.contains("  16 short utterances joined into 8, listed in joined.tsv\n"))
        let training = try svdist(run.arguments(steps: 1, ["corpus.train=\(run.path("out"))"]))
        #expect(training.status == 0, "\(training.errors)")
      }
    }

    @Test func `silence is trimmed on request, said to be, and the rest trains`() throws {
      try SmallRun.with { run in
        // All of a corpus of continuous voices is voice, but for what a threshold above it takes away.
        let prepare = ["prepare", run.corpus.path, "-o", run.path("out"), "--layout", "kaldi", "--overwrite"]
        let whole = try svdist(prepare + ["--trim-silence"])
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(whole.output.contains("silence removed from 0 of 16 utterances: 0.0 s of 12.8 s (0.0 %)\n"))
        let nothing = try svdist(prepare + ["--trim-silence", "--vad-energy-threshold", "99"])
        expectRefusal(nothing, 65, "no utterance can be used (16 × holds no voice)")
        let silence = URL(fileURLWithPath: run.path("corpus/s0-u0.wav"))
        var wave = try Data(contentsOf: silence)
        wave.replaceSubrange(44..<44 + 12_800, with: [UInt8](repeating: 0, count: 12_800))
        try wave.write(to: silence)
        let trimmed = try svdist(prepare + ["--trim-silence", "--minimum-seconds", "0.3"])
        #expect(trimmed.output.contains("silence removed from 1 of 16 utterances: 0.3 s of 12.8 s (2.0 %), listed in "))
        let corpus = try Corpus.open(run.path("out"))
        #expect(abs(corpus.utterances[0].start - 0.28) < 0.03 && corpus.utterances[1].start == 0)
        let training = try svdist(run.arguments(steps: 1, ["corpus.train=\(run.path("out"))"]))
        #expect(training.status == 0, "\(training.errors)")
        let again = try svdist(["prepare", run.path("out"), "-o", run.path("again"), "--trim-silence"])
        #expect(again.output.contains("  16 utterances not examined: the source gives their times\n"))
      }
    }

    @Test func `lengths and thresholds that cannot be are refused`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        for (options, message) in [
          (["--vad-energy-threshold", "5"], "--vad-energy-threshold says what --trim-silence removes"),
          (["--longest-pause", "1"], "--longest-pause says what --trim-silence removes"),
          (["--trim-silence", "--longest-pause", "0.1"], "--longest-pause 0.1: give 0.2 seconds or more"),
          (["--trim-silence", "--vad-energy-mean-scale", "1.5"], "--vad-energy-mean-scale: 0.0 to 1.0, found 1.5"),
          (
            ["--trim-silence", "--vad-energy-threshold", "nan"], "--vad-energy-threshold: -1000.0 to 1000.0, found nan"
          ),
          (["--maximum-seconds", "0.4"], "--maximum-seconds 0.4: give no less than --minimum-seconds, which is 0.5"),
        ] {
          let outcome = try svdist(["prepare", run.corpus.path, "-o", run.path("out")] + options)
          #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
        }
        let long = try svdist(["prepare", run.corpus.path, "-o", run.path("out"), "--maximum-seconds", "0.7"])
        expectRefusal(long, 65, "no utterance can be used (4 × is too long)", "0.8 s, --maximum-seconds is 0.7")
      }
    }

    @Test func `commands run where allowed and nowhere else`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        try run.edit("wav.scp", "s0-u0", "s0-u0 cat \(run.path("corpus/s0-u0.wav")) |")
        try run.edit("wav.scp", "s0-u1", "s0-u1 echo no licence >&2; exit 2 |")
        let arguments = ["prepare", run.corpus.path, "-o", run.path("out")]
        expectRefusal(try svdist(arguments), 65, "wav.scp:1: 's0-u0' is a command", "--allow-commands")
        try Data("path,speaker\ntouch \(run.path("ran")) |,s\n".utf8).write(
          to: URL(fileURLWithPath: run.path("list.csv")))
        let table = ["prepare", run.path("list.csv"), "-o", run.path("out")]
        expectRefusal(try svdist(table), 65, "list.csv:2: ", "is a command that ends in a pipe", "--allow-commands")
        #expect(!FileManager.default.fileExists(atPath: run.path("ran")))
        let refused = try svdist(arguments + ["--allow-commands", "--command-seconds", "0"])
        #expect(refused.status == 64 && refused.errors.contains("--command-seconds 0.0: give more than 0 seconds"))
        #expect(run.leftovers().isEmpty)
        let outcome = try svdist(arguments + ["--allow-commands"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("  1: its command failed with status N\n"), "\(outcome.output)")
        let leftOut = try String(contentsOfFile: run.path("out/left-out.tsv"), encoding: .utf8)
        #expect(leftOut.contains("its command failed with status 2: no licence\n"))
        #expect(try Corpus.open(run.path("out")).utterances.map(\.id) == ["s0-u0", "s1-u0", "s1-u1"])
        #expect(run.leftovers().isEmpty)
        #expect(try svdist(arguments + ["--allow-commands", "--overwrite"]).status == 0)
      }
    }

    @Test func `an output that is or holds what prepare reads is not replaced`() throws {
      try SmallRun.with { run in
        let first = try svdist(["prepare", run.corpus.path, "-o", run.path("data"), "--hold-out", "2"])
        #expect(first.status == 0, "\(first.errors)")
        try FileManager.default.createSymbolicLink(atPath: run.path("link"), withDestinationPath: run.path("data"))
        let list = run.path("data/train/wav.scp")
        let before = try Data(contentsOf: URL(fileURLWithPath: list))
        for (source, output, words) in [
          (run.corpus.path, run.corpus.path, "svdist did not write"), (run.path("data"), run.path("data"), "SOURCE"),
          (run.path("data/train"), run.path("data"), "SOURCE"), (run.path("data/train"), run.path("link"), "SOURCE"),
          (run.path("link"), run.path("data"), "SOURCE"),
        ] {
          expectRefusal(try svdist(["prepare", source, "-o", output, "--overwrite"]), 64, output, words)
        }
        let speakers = ["--evaluation-speakers", run.path("data/evaluation/spk2utt")]
        expectRefusal(
          try svdist(["prepare", run.corpus.path, "-o", run.path("data"), "--overwrite"] + speakers), 64,
          "--evaluation-speakers")
        #expect(try Data(contentsOf: URL(fileURLWithPath: list)) == before)
        let again = try svdist(["prepare", run.corpus.path, "-o", run.path("link"), "--overwrite"])
        #expect(again.status == 0 && FileSystem.isLink(run.path("link")), "\(again.errors)")
        #expect(FileManager.default.fileExists(atPath: run.path("data/wav.scp")))
      }
    }

    @Test func `a folder of m4a is refused with how to convert it, single files are left out`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        let tree = run.folder.appending(path: "vox")
        for name in ["id00017/x/00001", "id00018/x/00001"] {
          let file = tree.appending(path: "\(name).m4a")
          try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
          try Data("\0\0\0\u{20}ftypM4A ".utf8).write(to: file)
        }
        let arguments = ["prepare", tree.path, "-o", run.path("out")]
        expectRefusal(try svdist(arguments), 65, "most of them named .m4a", "ffmpeg -i FILE.m4a", "-ar 16000")
        let wav = run.corpus.appending(path: "s0-u0.wav")
        try FileManager.default.copyItem(at: wav, to: tree.appending(path: "id00017/x/00001.wav"))
        let outcome = try svdist(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("(layout: voxceleb): 2 utterances found\n1 left out"), "\(outcome.output)")
        #expect(outcome.output.contains("  1: is .m4a"), "\(outcome.output)")
        let table = try String(contentsOfFile: run.path("out/left-out.tsv"), encoding: .utf8)
        #expect(table.contains("id00018/x/00001.m4a\tis .m4a, which libsndfile does not read: convert"))
        try "path,speaker\nvox/id00018/x/00001.m4a,a\n".write(
          toFile: run.path("list.csv"), atomically: true, encoding: .utf8)
        expectRefusal(
          try svdist(["prepare", run.path("list.csv"), "-o", run.path("other")]), 65, "no utterance can be used",
          "is .m4a, which libsndfile does not read")
      }
    }

    @Test func `CN-Celeb is prepared, embedded and scored by its map`() throws {
      try SmallRun.with { run in
        let root = run.folder.appending(path: "CN-Celeb_flac")
        func place(_ utterance: String, _ name: String) throws {
          let file = root.appending(path: name)
          try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
          try FileManager.default.copyItem(at: run.corpus.appending(path: "\(utterance).wav"), to: file)
        }
        func write(_ name: String, _ text: String) throws {
          let file = root.appending(path: name)
          try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
          try text.write(to: file, atomically: true, encoding: .utf8)
        }
        for speaker in 0..<2 {
          for index in 0..<4 { try place("s\(speaker)-u\(index)", "data/id0000\(speaker)/vlog-01-00\(index).flac") }
        }
        for speaker in 2..<4 {
          for index in 0..<3 { try place("s\(speaker)-u\(index)", "data/id0080\(speaker)/song-01-00\(index).flac") }
          try place("s\(speaker)-u3", "eval/test/id0080\(speaker)-song-02-001.flac")
        }
        try write("dev/dev.lst", "id00000\nid00001\n")
        try write(
          "eval/lists/enroll.map",
          (2..<4).map { speaker in
            "id0080\(speaker)-enroll " + (0..<3).map { "id0080\(speaker)/song-01-00\($0).wav" }.joined(separator: " ")
              + "\n"
          }.joined())
        expectRefusal(
          try svdist(["prepare", root.path, "-o", run.path("out")]), 65, "eval/lists/trials.lst: no such file")
        try write(
          "eval/lists/trials.lst",
          (2..<4).flatMap { a in
            (2..<4).map { b in "id0080\(a)-enroll test/id0080\(b)-song-02-001.wav \(a == b ? 1 : 0)\n" }
          }.joined())
        let prepare = ["prepare", root.path, "-o", run.path("out")]
        expectRefusal(try svdist(prepare + ["--hold-out", "1"]), 64, "has an evaluation of its own")
        let outcome = try svdist(prepare + ["--join-shorter-than", "1.6"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("(layout: cn-celeb): 16 utterances found\n"), "\(outcome.output)")
        #expect(outcome.output.contains("out/train: 2 speakers, 4 utterances"))
        #expect(outcome.output.contains("out/evaluation: 2 speakers, 8 utterances"))
        #expect(outcome.output.contains("  trials: 4, 2 target and 2 nontarget\n"))
        let training = try svdist(
          run.arguments(steps: 1, ["corpus.train=\(run.path("out/train"))", "batch.speakers=2"]))
        #expect(training.status == 0, "\(training.errors)")
        let score = [
          "evaluate", "--encoder", run.path("run"), "--corpus", run.path("out/evaluation"), "--enrolment-map",
        ]
        let written = try svdist(
          score + [run.path("out/evaluation/enroll.map"), "--trials", run.path("out/evaluation/trials")])
        let original = try svdist(
          score + [root.path + "/eval/lists/enroll.map", "--trials", root.path + "/eval/lists/trials.lst"])
        #expect(written.status == 0 && written.output.hasPrefix("raw cosine  EER"), "\(written.errors)")
        #expect(original.output == written.output)
      }
    }
  }
}
