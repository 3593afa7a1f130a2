import DistTrain
import Foundation
import TestTools
import Testing

/// Files that are no run's are neither replaced, cut nor removed.
@Suite struct RunFolderOriginTests {
  private static let settings = "seed: 1\n"
  private static let history =
    #"{"changes":[],"command":[],"date":"","hosts":[],"ranks":1,"restart":false,"step":0,"version":"1"}"# + "\n"

  private static var metrics: String {
    var metrics = StepMetrics(step: 1, epoch: 0, objectives: ["classification", "contrastive"])
    metrics.utterancesPerSecond = 12
    return metrics.json + "\n"
  }

  /// Files, with what is in them; a name that ends in a stroke is a folder.
  private static func lay(_ files: [String: String], in folder: String) throws {
    for (name, text) in files {
      let path = "\(folder)/\(name)"
      if name.hasSuffix("/") {
        try FileSystem.createFolder(String(path.dropLast()))
      } else {
        try FileSystem.createFolder((path as NSString).deletingLastPathComponent)
        try write(text, to: path)
      }
    }
  }

  struct Case: CustomTestStringConvertible {
    var name: String
    var files: [String: String]
    var testDescription: String { "\(name) in \(files.keys.sorted())" }
  }

  static let others: [Case] = [
    Case(
      name: "checkpoints/last.ckpt", files: ["config.yaml": "trainer: {max_epochs: 3}\n", "checkpoints/last.ckpt": "x"]),
    Case(name: "checkpoints/last.ckpt", files: ["config.yaml": settings, "checkpoints/last.ckpt": "x"]),
    Case(
      name: "config.yaml", files: ["config.yaml": "hydra: {run: {dir: x}}\n", "checkpoints/": "", "evaluation/": ""]),
    Case(name: "config.yaml", files: ["config.yaml": "- a\n- b\n"]),
    Case(name: "metrics.jsonl", files: ["metrics.jsonl": #"{"loss": 1}"# + "\n"]),
    Case(name: "metrics.jsonl", files: ["metrics.jsonl": #"{"step":1,"epoch":0,"trainLoss":2.5}"# + "\n"]),
    Case(name: "metrics.jsonl", files: ["metrics.jsonl": #"{"loss": 1}"#]),
    Case(name: "metrics.jsonl", files: ["metrics.jsonl": "step,loss\n1,2\n", "history.jsonl": history]),
    Case(name: "history.jsonl", files: ["history.jsonl": "ls\ncd\n", "config.yaml": settings, "checkpoints/": ""]),
    Case(name: "checkpoints/best", files: ["history.jsonl": history, "checkpoints/best/model.bin": "x"]),
    Case(name: "checkpoints/best", files: ["history.jsonl": history, "checkpoints/best": "x"]),
    Case(
      name: "checkpoints/step-00000100/model.bin",
      files: ["history.jsonl": history, "checkpoints/step-00000100/model.bin": "x"]),
    Case(name: "checkpoints/step-00000100", files: ["metrics.jsonl": metrics, "checkpoints/step-00000100": "x"]),
    Case(name: "evaluation/result.json", files: ["evaluation/result.json": "{}"]),
    Case(name: "nonfinite", files: ["nonfinite/": ""]),
    Case(name: "batches.jsonl", files: ["batches.jsonl": "{}\n"]),
    Case(name: "data", files: ["data/rank.0/model": "x"]),
    Case(name: "notes.txt", files: ["notes.txt": "x"]),
  ]

  @Test(arguments: others) func `what is no run's is refused by its name and stays`(_ one: Case) throws {
    try withScratchFolder { folder in
      try Self.lay(one.files, in: folder)
      let before = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
      let refusal = failure { _ = try RunFolder(creating: folder) }
      #expect(refusal?.kind == .usage && refusal?.message.contains("--run-dir") == true)
      #expect(refusal?.message.contains("holds '\(one.name)'") == true, "\(refusal?.message ?? "taken")")
      #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == before)
      for (name, text) in one.files where !name.hasSuffix("/") { #expect(try read("\(folder)/\(name)") == text) }
    }
  }

  static let runs: [Case] = [
    Case(name: "settings", files: ["config.yaml": settings]),
    Case(name: "settings", files: ["config.yaml": settings, "checkpoints/": "", "chapter.tex": "x"]),
    Case(name: "history", files: ["history.jsonl": history, "chapter.tex": "x", "config.yaml": "{"]),
    Case(name: "history cut short", files: ["history.jsonl": String(history.prefix(20)), "metrics.jsonl": ""]),
    Case(name: "metrics", files: ["metrics.jsonl": metrics + "{\"step\":", "nonfinite/plot.png": "x"]),
    Case(name: "metrics cut short", files: ["metrics.jsonl": String(metrics.prefix(30))]),
    Case(
      name: "checkpoint",
      files: [
        "checkpoints/step-00000003/state.json": "{", "checkpoints/step-3.kept/x": "x", "checkpoints/.nfs12": "x",
      ]),
  ]

  @Test(arguments: runs) func `a run is one by its settings or logs, and a torn one stays one`(_ one: Case) throws {
    try withScratchFolder { folder in
      try Self.lay(one.files, in: folder)
      _ = try RunFolder(creating: folder)
      for (name, text) in one.files where !name.hasSuffix("/") { #expect(try read("\(folder)/\(name)") == text) }
    }
  }

  @Test func `a pipe in the place of the settings is neither waited for nor replaced`() throws {
    try withScratchFolder { folder in
      try #require(mkfifo(folder + "/config.yaml", 0o600) == 0)
      let refusal = failure { _ = try RunFolder(creating: folder) }
      #expect(refusal?.kind == .usage && refusal?.message.contains("holds 'config.yaml'") == true)
      try FileSystem.createFolder(folder + "/checkpoints")
      #expect(failure { _ = try RunFolder(creating: folder) }?.kind == .usage)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["checkpoints", "config.yaml"])
    }
  }

  @Test func `reports go, what else is beside them stays`() throws {
    try withScratchFolder { folder in
      let run = try RunFolder(creating: folder)
      try run.removeReports()
      try Self.lay(["nonfinite/step-3.json": "{}", "nonfinite/step-4-rollback-1.json": "{}"], in: folder)
      try run.removeReports()
      #expect(!FileSystem.exists(run.nonFinitePath))
      try Self.lay(["nonfinite/step-3.json": "{}", "nonfinite/plot.png": "x"], in: folder)
      try run.removeReports()
      #expect(try FileSystem.names(in: run.nonFinitePath) == ["plot.png"])
    }
  }
}
