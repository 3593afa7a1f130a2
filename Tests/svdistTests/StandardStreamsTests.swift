import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Standard output and error that are full, closed or whose reader has gone.
  @Suite struct StandardStreamsTests {
    /// Runs a line of the shell in which `$svdist` is the program.
    private func shell(_ line: String, in folder: URL) throws -> Outcome {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["--default-signal", "bash", "-c", "set -o pipefail; " + line]
      process.currentDirectoryURL = folder
      process.environment = ProcessInfo.processInfo.environment.merging(["svdist": try Program.path(of: "svdist")]) {
        $1
      }
      let errors = folder.appending(path: "errors")
      try Data().write(to: errors)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = try FileHandle(forWritingTo: errors)
      try process.run()
      process.waitUntilExit()
      return Outcome(
        status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
        output: "", errors: try String(contentsOf: errors, encoding: .utf8))
    }

    private static let results = [
      "config", "evaluate --embeddings e.txt --trials trials", "evaluate --embeddings e.txt --trials trials --json",
      "doctor --seconds 0.01", "prepare corpus -o data", "init corpus",
    ]

    @Test(arguments: results) func `results that cannot be written are an error with one line`(command: String) throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        for (name, text) in [("e.txt", "a [ 1 0 ]\nb [ 0 1 ]\n"), ("trials", "a a target\na b nontarget\n")] {
          try text.write(to: run.folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        for place in [">/dev/full", ">&-"] {
          let outcome = try shell("$svdist \(command) \(place)", in: run.folder)
          let complaint = outcome.complaints.first ?? ""
          #expect(outcome.status == 1 && outcome.complaints.count == 1, "\(place): \(outcome.errors)")
          #expect(complaint.contains("cannot write the results to standard output: "), "\(complaint)")
          try FileSystem.remove(run.path("data"))
        }
        #expect(try shell("$svdist \(command)", in: run.folder).status == 0)
      }
    }

    @Test(arguments: ["--help", "--version", "help embed", "launch --help", "prepare -h"])
    func `help and the version that cannot be written are an error with one line`(command: String) throws {
      try withTemporaryFolder { folder in
        for place in [">/dev/full", ">&-"] {
          let outcome = try shell("$svdist \(command) \(place)", in: folder)
          #expect(outcome.status == 1 && outcome.complaints.count == 1, "\(place): \(outcome.errors)")
          #expect(outcome.complaints.first?.contains("cannot write the results to standard output: ") == true)
        }
        let outcome = try shell("$svdist \(command)", in: folder)
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
      }
    }

    @Test(
      arguments: [
        ("config >out", "cannot write the results to standard output"),
        ("evaluate --embeddings e.txt --trials trials --scores scores", ": File too large"),
        ("prepare corpus -o data", ": File too large"), ("prepare corpus -o data --shards", ": File too large"),
      ])
    func `a file that may grow no further is an error with one line, and nothing half-written stays`(
      command: String, reason: String
    ) throws {
      try SmallRun.with { run in
        let trials = String(repeating: "a a target\na b nontarget\n", count: 200)
        for (name, text) in [("e.txt", "a [ 1 0 ]\nb [ 0 1 ]\n"), ("trials", trials)] {
          try text.write(to: run.folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        let outcome = try shell("ulimit -f 1; $svdist \(command)", in: run.folder)
        #expect(outcome.status == 1 && outcome.complaints.count == 1, "\(outcome.errors)")
        #expect(outcome.complaints.first?.contains(reason) == true, "\(outcome.errors)")
        #expect(run.leftovers().isEmpty)
        for name in ["scores", "data"] { #expect(!FileSystem.exists(run.path(name))) }
        #expect(try shell("$svdist \(command)", in: run.folder).status == 0)
      }
    }

    @Test func `more than a buffer of results may not go nowhere`() throws {
      try withTemporaryFolder { folder in
        let outcome = try shell("$svdist config | head -c 10", in: folder)
        #expect([0, 1].contains(outcome.status), "\(outcome.errors)")
        #expect(outcome.errors.isEmpty == (outcome.status == 0))
      }
    }

    @Test(arguments: ["2>/dev/full", "2>&-", "2> >(exec true)"])
    func `an error that nobody hears has its status all the same`(place: String) throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        try FileSystem.createFolder(run.path(".data.12.partial"))
        try run.spoil("s1-u0", .truncated)
        for (command, status) in [
          ("evaluate --embeddings none.txt --trials none", 65), ("config --set no.such=1", 64),
          ("prepare corpus -o data", 0), ("verify none.wav none.wav --encoder none", 65),
        ] {
          let outcome = try shell("$svdist \(command) \(place)", in: run.folder)
          #expect(outcome.status == Int32(status), "\(command) \(place)")
        }
      }
    }

    @Test func `what is written goes into no file that was opened where a stream was closed`() throws {
      try SmallRun.with { run in
        let line = "$svdist " + run.arguments(steps: 2).joined(separator: " ") + " <&- >&- 2>&-"
        let outcome = try shell(line, in: run.folder)
        #expect(outcome.status == 0)
        #expect(run.metrics().map(\.step) == [1, 2])
        #expect(run.checkpoints() == [2])
      }
    }
  }
}
