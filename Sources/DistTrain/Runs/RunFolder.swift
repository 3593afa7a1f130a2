import Foundation

/// The folder of a run, with its settings, logs, checkpoints and evaluations.
package struct RunFolder: Sendable {
  package let path: String

  /// Creates the folder and those in it, or takes an existing one.
  ///
  /// - Throws: `Failure` where the path is a file or may not be written to.
  package init(creating path: String) throws {
    let path = path.withoutEndingSlashes
    self.path = path
    if FileSystem.exists(path), !FileSystem.isFolder(path) {
      let other = Self.run(around: path).map { "name the run's own, \($0)" } ?? "name another with --run-dir"
      throw Failure(.usage, "the run folder \(path) is a file; \(other)")
    }
    try refuseOther()
    do {
      for folder in [path, checkpointsPath, evaluationPath] { try FileSystem.createFolder(folder) }
      for folder in [path, checkpointsPath, evaluationPath] {
        try SystemCall.run(.write, folder) { access(folder, W_OK | X_OK) }
      }
    } catch let failure as Failure {
      throw Failure(.failed, "the run folder \(path) cannot be used: \(failure.message); name another with --run-dir")
    }
  }

  /// Stands for the folder of a run that is only read.
  /// - Throws: `Failure(.badData)` where the path is no run folder.
  package init(reading path: String) throws {
    self.path = path.withoutEndingSlashes
    guard FileSystem.isFolder(checkpointsPath) else {
      throw Failure(.badData, "\(self.path): is no run folder\(Self.difference(of: self.path))")
    }
  }

  /// What a path is that is no run folder, in words.
  private static func difference(of path: String) -> String {
    if let run = run(around: path) { return ", but lies in one: give \(run)" }
    if FileSystem.isFolder(path) { return " (no folder checkpoints in it)" }
    return FileSystem.exists(path) ? ", but a file" : ": there is nothing of that name"
  }

  /// The run folder that a file or a folder lies in, at most two folders below it; nil where it lies in none.
  private static func run(around path: String) -> String? {
    var folder = path
    for _ in 0..<3 {
      folder = FileSystem.folder(of: folder)
      if FileSystem.exists(path), FileSystem.isFolder(folder + "/checkpoints") { return folder }
    }
    return nil
  }

  package var configurationPath: String { path + "/config.yaml" }
  package var metricsPath: String { path + "/metrics.jsonl" }
  package var historyPath: String { path + "/history.jsonl" }
  package var badUtterancesPath: String { path + "/bad-utterances.tsv" }
  package var batchesPath: String { path + "/batches.jsonl" }
  package var ranksPath: String { path + "/ranks.jsonl" }
  package var timelinePath: String { path + "/timeline.json" }
  package var checkpointsPath: String { path + "/checkpoints" }
  package var evaluationPath: String { path + "/evaluation" }
  /// The folder for the contents of steps whose numbers were not finite. The first such step creates it.
  package var nonFinitePath: String { path + "/nonfinite" }

  package var checkpoints: CheckpointStore { CheckpointStore(path: checkpointsPath) }

  /// Removes the reports of steps whose numbers were not finite, and their folder if nothing else is in it.
  package func removeReports() throws {
    guard FileSystem.isFolder(nonFinitePath) else { return }
    let names = try FileSystem.names(in: nonFinitePath)
    let reports = names.filter { $0.hasPrefix("step-") && $0.hasSuffix(".json") }
    for name in reports { try FileSystem.remove("\(nonFinitePath)/\(name)") }
    if reports.count == names.count { try FileSystem.remove(nonFinitePath) }
  }
}
