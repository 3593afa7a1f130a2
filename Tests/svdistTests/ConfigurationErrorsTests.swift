import Foundation
import Testing

@Suite("The program's configuration errors")
struct ConfigurationErrorsTests {
  /// The line that svdist itself wrote, and nothing else but it.
  private func onlyLine(_ outcome: Outcome) -> String? {
    let lines = outcome.errors.split(separator: "\n")
    return lines.count == 1 ? String(lines[0]) : nil
  }

  @Test("an unknown setting is one line that names file, line and near settings, and status 64")
  func unknownSetting() throws {
    try withTemporaryFolder { folder in
      try "seed: 3\ncontrastive:\n  temprature: 0.1\n".write(
        to: folder.appending(path: "c.yaml"), atomically: true, encoding: .utf8)
      for command in [["config"], ["train", "--run-dir", "x"], ["--run-dir", "x"]] {
        let outcome = try svdist(command + ["--config", "c.yaml"], directory: folder)
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(
          onlyLine(outcome)
            == "svdist: c.yaml:3: contrastive.temprature: unknown setting; near: contrastive.temperature")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "x").path))
    }
  }

  @Test(
    "each of these arguments is one line and status 64",
    arguments: [
      ("crop.seconds=long", "svdist: --set crop.seconds=long: crop.seconds: expected a number, found long"),
      ("crop.seconds=61", "svdist: --set crop.seconds=61: crop.seconds: allowed is 0.2 to 60, found 61"),
      ("crop.seconds", "svdist: --set crop.seconds: expected key.path=value, such as crop.seconds=3"),
      (
        "batch.views=3",
        "svdist: views.augmented: needs one true or false for each of the 3 views (batch.views), found [false, true]"
      ),
    ])
  func wrongArgument(argument: String, line: String) throws {
    let outcome = try svdist(["config", "--set", argument])
    #expect(outcome.status == 64)
    #expect(onlyLine(outcome) == line)
  }

  @Test("a configuration file that is missing is one line and status 64")
  func missingFile() throws {
    let outcome = try svdist(["config", "--config", "/nowhere/c.yaml"])
    #expect(outcome.status == 64)
    #expect(onlyLine(outcome) == "svdist: /nowhere/c.yaml: no such configuration file")
  }

  @Test("training without a corpus is one line and status 64")
  func noCorpus() throws {
    let outcome = try svdist(["--run-dir", "x"], directory: FileManager.default.temporaryDirectory)
    #expect(outcome.status == 64)
    #expect(onlyLine(outcome)?.hasPrefix("svdist: corpus.train: not set") == true)
  }

  @Test("wrong options have status 64, help and version 0")
  func options() throws {
    for arguments in [["--nonsense"], ["train"], ["--run-dir", "x", "--threads", "0"], ["confg"]] {
      #expect(try svdist(arguments).status == 64, "\(arguments)")
    }
    for arguments in [["--help"], ["config", "--help"], ["train", "--help"], ["help", "config"]] {
      let outcome = try svdist(arguments)
      #expect(outcome.status == 0, "\(arguments)")
      #expect(outcome.output.contains("USAGE: svdist"))
    }
    let version = try svdist(["--version"])
    #expect(version.status == 0)
    #expect(version.output.hasPrefix("svdist ") && version.output.contains("."))
  }

  @Test("under mpirun a wrong setting is said once, and mpirun passes the status on")
  func underLauncher() throws {
    let outcome = try svdist(["--run-dir", "x", "--set", "sed=1"], mpi: 2)
    #expect(outcome.status == 64)
    let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("svdist:") }
    #expect(lines == ["svdist: --set sed=1: sed: unknown setting; near: seed"])
  }

  @Test("a program that runs longer than its test allows is killed, and its ranks with it")
  func timeLimit() throws {
    #expect(throws: ProgramTimeout.self) { try svdist(["config"], mpi: 2, limit: 0) }
  }

  @Test("what `svdist config` prints is a configuration that prints itself again")
  func configPrintsAConfiguration() throws {
    try withTemporaryFolder { folder in
      let first = try svdist(["config", "--set", "encoder.channels=256", "--set", "contrastive.attention.mode=off"])
      #expect(first.status == 0)
      #expect(first.output.contains("channels: 256 "))
      try first.output.write(to: folder.appending(path: "c.yaml"), atomically: true, encoding: .utf8)
      let second = try svdist(["config", "--config", "c.yaml"], directory: folder)
      #expect(second.status == 0)
      #expect(second.output == first.output)
    }
  }
}
