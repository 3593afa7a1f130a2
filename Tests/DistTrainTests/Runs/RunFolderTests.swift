import DistTrain
import Foundation
import Testing

@Suite struct RunFolderTests {
  @Test func `a run folder is created with its folders, and taken again as it is`() throws {
    try withScratchFolder { folder in
      let path = folder + "/runs/x"
      let run = try RunFolder(creating: path)
      #expect(try run.configuration() == nil)
      try run.write(configuration: "seed: 1\n")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: path).sorted() == [
          "checkpoints", "config.yaml", "evaluation",
        ])
      let again = try RunFolder(creating: path)
      #expect(try again.configuration() == "seed: 1\n")
      #expect(try again.checkpoints.newest().checkpoint == nil)
      #expect(again.metricsPath == path + "/metrics.jsonl")
    }
  }

  @Test func `a relative path is taken from the working directory`() throws {
    try withScratchFolder { folder in
      let relative = String(repeating: "../", count: 64) + folder.dropFirst()
      let run = try RunFolder(creating: relative + "/x")
      #expect(FileSystem.isFolder(folder + "/x/checkpoints"))
      #expect(run.path == relative + "/x")
    }
  }

  @Test func `a file in its place is told`() throws {
    try withScratchFolder { folder in
      try write("", to: folder + "/x")
      let failure = failure { _ = try RunFolder(creating: folder + "/x") }
      #expect(failure?.kind == .usage)
      #expect(failure?.message.contains("\(folder)/x is a file") == true)
      #expect(
        DistTrainTests.failure { _ = try RunFolder(creating: folder + "/x/y") }?.message.contains(
          "\(folder)/x is a file where")
          == true)
    }
  }

  @Test func `a folder that cannot be written to is told`() {
    let failure = failure { _ = try RunFolder(creating: "/proc/runs/x") }
    #expect(failure?.kind == .failed)
    #expect(failure?.message.contains("the run folder /proc/runs/x") == true)
    #expect(failure?.message.contains("--run-dir") == true)
  }
}
