import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct RunFolderTests {
  @Test func `a run folder is created with its folders, and taken again as it is`() throws {
    try withScratchFolder { folder in
      let path = folder + "/runs/x"
      let run = try RunFolder(creating: path)
      try write("seed: 1\n", to: run.configurationPath)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: path).sorted() == [
          "checkpoints", "config.yaml", "evaluation",
        ])
      let again = try RunFolder(creating: path + "/")
      #expect(try read(again.configurationPath) == "seed: 1\n")
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
        TestTools.failure { _ = try RunFolder(creating: folder + "/x/y") }?.message.contains(
          "\(folder)/x is a file where")
          == true)
    }
  }

  @Test func `what lies in a run folder leads to it, and other paths are called what they are`() throws {
    try withScratchFolder { folder in
      let run = try RunFolder(creating: folder + "/run")
      try write("{}\n", to: run.metricsPath)
      try FileSystem.createFolder(run.checkpointsPath + "/step-00000003")
      try write("", to: folder + "/x")
      func message(_ path: String) -> String? { failure { _ = try RunFolder(reading: path) }?.message }
      for path in [run.metricsPath, run.checkpointsPath, run.checkpointsPath + "/step-00000003"] {
        #expect(message(path) == "\(path): is no run folder, but lies in one: give \(run.path)")
      }
      #expect(message(folder) == "\(folder): is no run folder (no folder checkpoints in it)")
      #expect(message(folder + "/x") == "\(folder)/x: is no run folder, but a file")
      #expect(message(folder + "/y") == "\(folder)/y: is no run folder: there is nothing of that name")
      let resumed = failure { _ = try RunFolder(creating: run.metricsPath) }
      #expect(resumed?.message == "the run folder \(run.metricsPath) is a file; name the run's own, \(run.path)")
    }
  }

  @Test(arguments: [["chapter.tex"], ["evaluation", "notes.txt"], ["config.yaml", "data"], ["checkpoints", "x.png"]])
  func `a folder of something else is refused`(names: [String]) throws {
    try withScratchFolder { folder in
      for name in names {
        if name.contains(".") {
          try write("", to: "\(folder)/\(name)")
        } else {
          try FileSystem.createFolder("\(folder)/\(name)")
        }
      }
      let refusal = failure { _ = try RunFolder(creating: folder) }
      #expect(refusal?.kind == .usage && refusal?.message.contains("--run-dir") == true)
      #expect(
        refusal?.message.contains("holds '\(names.first { $0.hasPrefix("c") && $0.hasSuffix("tex") } ?? names[1])'")
          == true)
      #expect(Set(try FileSystem.names(in: folder)) == Set(names))
    }
  }

  @Test func `a new run's folder may have its job's logs, and an old one's whatever was put there`() throws {
    try withScratchFolder { folder in
      let names = [
        "slurm-12.out", "train.log", "c.yaml", ".hidden", "12345.txt", "first-77_3.txt", "svdist.o12345", "first.e77",
        "stdout",
      ]
      for name in names { try write("", to: "\(folder)/\(name)") }
      // As mpirun --output-filename writes them, under Open MPI 4 and 5.
      for name in ["log/1/rank.0", "log/1/rank.1", "other/rank.00"] {
        try FileSystem.createFolder("\(folder)/\(name)")
        for file in ["stdout", "stderr"] { try write("x", to: "\(folder)/\(name)/\(file)") }
      }
      let run = try RunFolder(creating: folder)
      try write("", to: folder + "/notes.txt")
      #expect(failure { _ = try RunFolder(creating: folder) } != nil)
      try write("seed: 1\n", to: run.configurationPath)
      _ = try RunFolder(creating: folder)
    }
  }

  @Test func `each start has its line in the history, whatever was torn before`() throws {
    try withScratchFolder { folder in
      let run = try RunFolder(creating: folder)
      let history = RunHistory(run)
      func start(_ step: Int) -> RunHistory.Start {
        RunHistory.Start(
          date: "2026-01-01T00:00:00Z", version: "1", command: ["svdist", "é \"x\"\n"], hosts: ["a"], ranks: 2,
          threads: nil,
          restart: false, step: step, changes: [RunHistory.Change(key: "seed", was: "1", now: "2")])
      }
      try history.add(start(0))
      try write(try read(run.historyPath) + "{\"step\":", to: run.historyPath)
      try history.add(start(7))
      let starts = try read(run.historyPath).split(separator: "\n").map {
        try JSONDecoder().decode(RunHistory.Start.self, from: Data($0.utf8))
      }
      #expect(starts.map(\.step) == [0, 7])
      #expect(starts[1].command == ["svdist", "é \"x\"\n"] && starts[1].changes.map(\.now) == ["2"])
    }
  }

  @Test func `a folder that cannot be written to is told`() {
    let failure = failure { _ = try RunFolder(creating: "/proc/runs/x") }
    #expect(failure?.kind == .failed)
    #expect(failure?.message.contains("the run folder /proc/runs/x") == true)
    #expect(failure?.message.contains("--run-dir") == true)
  }
}
