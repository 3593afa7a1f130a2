import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// Signals to commands other than training.
  @Suite struct EarlyEndCommandsTests {
    /// Waits until a program has taken all signals that end it early.
    private func send(_ signal: Int32, to program: Program) throws {
      try program.wait { program.takes(SIGUSR1) }
      program.send(signal)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGUSR1])
    func `a signal to prepare ends what it started and leaves nothing`(signal: Int32) throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        try run.edit("wav.scp", "s0-u0", "s0-u0 echo $$ > \(run.path("pid")); exec sleep 100 |")
        let before = try FileManager.default.contentsOfDirectory(atPath: run.folder.path)
        let program = try Program(
          "svdist", ["prepare", run.corpus.path, "--output", run.path("data"), "--allow-commands"])
        func pid() -> Int32? {
          let text = try? String(contentsOfFile: run.path("pid"), encoding: .utf8)
          return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        try program.wait { pid() != nil }
        program.send(signal)
        let outcome = try program.finish()
        expectRefusal(
          outcome, 75, "stopped by \(StopRequest.name(signal))", "nothing was written; the same command starts over")
        #expect(outcome.output.isEmpty && run.leftovers().isEmpty)
        let after = try FileManager.default.contentsOfDirectory(atPath: run.folder.path)
        #expect(Set(after) == Set(before).union(["pid"]))
        // What the command started is killed with it, and the system removes it in a moment.
        let child = try #require(pid())
        let deadline = ContinuousClock.now + .seconds(20)
        func state() -> Substring? {
          let text = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)
          return text?.split(separator: ")").last?.split(separator: " ").first
        }
        while let letter = state(), letter != "Z", ContinuousClock.now < deadline { usleep(3_000) }
        #expect(state() == nil || state() == "Z")
      }
    }

    /// Trials among ten speakers whose million resamples take long.
    private func withScores(_ body: (URL, [String]) throws -> Void) throws {
      try withTemporaryFolder { folder in
        var lines = ""
        for one in 0..<10 {
          for other in 0..<10 {
            for utterance in 1..<20 {
              let score = Double((one * 7 + other * 3 + utterance) % 11) + (one == other ? 5 : 0)
              lines += "s\(one)-0 s\(other)-\(utterance) \(score) \(one == other ? "target" : "nontarget")\n"
            }
          }
        }
        try lines.write(to: folder.appending(path: "scores"), atomically: true, encoding: .utf8)
        try body(folder, ["metrics", folder.path + "/scores", "--resamples", "1000000"])
      }
    }

    @Test func `a signal to metrics says that nothing was written, quiet or not`() throws {
      try withScores { folder, arguments in
        for options in [[], ["--quiet"]] {
          let program = try Program("svdist", arguments + options, directory: folder)
          try send(SIGTERM, to: program)
          let outcome = try program.finish()
          expectRefusal(outcome, 75, "stopped by SIGTERM", ": nothing was written; the same command starts over")
          #expect(outcome.output.isEmpty)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["scores"])
      }
    }

    @Test func `a command that was started to outlive SIGINT does`() throws {
      try withScores { folder, arguments in
        let program = try Program("svdist", arguments, directory: folder, ignoring: ["INT"])
        try send(SIGINT, to: program)
        program.send(SIGTERM)
        expectRefusal(try program.finish(), 75, "stopped by SIGTERM")
      }
    }
  }
}
