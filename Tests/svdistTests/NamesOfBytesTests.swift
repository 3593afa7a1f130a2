import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// Names on the command line whose bytes are not UTF-8. Strings hold one character for all such bytes, so that two
  /// runs or two files would be one.
  @Suite struct NamesOfBytesTests {
    private func run(_ arguments: [String], _ words: String, ranks: Int? = nil) throws -> Outcome {
      try Program("svdist", arguments, words: words, ranks: ranks).finish()
    }

    static let commands: [(arguments: [String], words: String)] = [
      (["--run-dir"], #"$'r\xe9'"#), (["train"], #"--config $'r\xe9' --run-dir x"#), ([], #"$'r\xe9'"#),
      (["prepare"], #"$'r\xe9' -o out"#), (["prepare", ".", "-o"], #"$'r\xe9'"#),
      (["embed", "--encoder", "run", "--corpus", "data"], #"--output $'r\xe9'"#),
      (["evaluate", "--embeddings", "e.txt"], #"--trials $'r\xe9'"#),
      (["verify", "--encoder", "run", "a.wav"], #"$'r\xe9'"#), (["listen", "-o"], #"$'r\xe9'"#),
      (["config", "--set"], #"$'corpus.train=r\xe9'"#), (["doctor", "--config"], #"$'r\xe9'"#),
      (["init"], #"$'r\xe9'"#),
      (["launch", "-np", "2", "--", "--run-dir"], #"$'r\xe9'"#), (["launch", "--wdir"], #"$'r\xe9' -- --help"#),
    ]

    @Test(arguments: commands.indices) func `every command refuses them, and shows the bytes`(index: Int) throws {
      let (arguments, words) = Self.commands[index]
      expectRefusal(try run(arguments, words), 64, #"r\xE9' is not UTF-8"#)
    }

    @Test func `two ranks say it once`() throws {
      expectRefusal(
        try run(["--run-dir"], #"$'r\xe9'"#, ranks: 2), 64, #"'r\xE9' is not UTF-8"#, underLauncher: true)
    }

    @Test func `two names of other bytes make no run and replace no file`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { small in
        for byte in ["FF", "FE"] {
          let words = "--run-dir $'\(small.path("r"))\\x\(byte)'"
          let outcome = try run(["--set", "corpus.train=\(small.corpus.path)"], words)
          expectRefusal(outcome, 64, "\\x\(byte)' is not UTF-8")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: small.folder.path) == ["corpus"])
      }
    }

    @Test func `UTF-8 is taken as it is`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { small in
        let outcome = try run(["prepare", small.corpus.path, "-o"], "$'\(small.path("d"))\\xc3\\xa9'")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(FileSystem.exists(small.path("d\u{E9}/wav.scp")))
      }
    }

    /// Runs svdist in a folder of that name.
    private func run(_ arguments: String, in folder: URL) throws -> Outcome {
      let script = #"mkdir -p "$0"/$'L\xe9'/s && cd "$0"/$'L\xe9' && exec "$1" "#
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = ["-c", script + arguments, folder.path, try Program.path(of: "svdist")]
      let (output, errors) = (Pipe(), Pipe())
      (process.standardOutput, process.standardError) = (output, errors)
      try process.run()
      let texts = [output, errors].map {
        String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      }
      process.waitUntilExit()
      return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
    }

    @Test(arguments: [
      #"prepare . -o "$0"/out"#, "prepare s -o ../out", "prepare ../corpus -o out", "listen -o out",
      "--run-dir ../run --set corpus.train=../corpus", "config --set corpus.train=s",
    ])
    func `a working folder of such a name is told where its absolute path is needed`(arguments: String) throws {
      try SmallRun.with(speakers: 2, utterances: 2) { small in
        expectRefusal(try run(arguments, in: small.folder), 64, "the working folder '", #"L\xE9' is not UTF-8"#)
        for name in ["out", "run", "L\u{FFFD}"] { #expect(!FileSystem.exists(small.path(name))) }
      }
    }

    @Test func `from such a folder absolute paths can be given`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { small in
        let paths = "prepare \(small.corpus.path) -o \(small.path("out"))"
        let outcome = try run(paths, in: small.folder)
        #expect(outcome.status == 0 && FileSystem.exists(small.path("out/wav.scp")), "\(outcome.errors)")
      }
    }
  }
}
