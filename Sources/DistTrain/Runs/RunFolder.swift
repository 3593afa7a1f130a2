import Foundation

/// The folder of a run, with its settings, logs, checkpoints and evaluations.
package struct RunFolder: Sendable {
  package let path: String

  /// Creates the folder and those in it, or takes an existing one.
  ///
  /// - Throws: `Failure` where the path is a file or may not be written to.
  package init(creating path: String) throws {
    self.path = path
    if FileSystem.exists(path), !FileSystem.isFolder(path) {
      throw Failure(.usage, "the run folder \(path) is a file; name another with --run-dir")
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

  package var configurationPath: String { path + "/config.yaml" }
  package var metricsPath: String { path + "/metrics.jsonl" }
  package var historyPath: String { path + "/history.jsonl" }
  package var badUtterancesPath: String { path + "/bad-utterances.tsv" }
  package var batchesPath: String { path + "/batches.jsonl" }
  package var checkpointsPath: String { path + "/checkpoints" }
  package var evaluationPath: String { path + "/evaluation" }
  /// The folder for the contents of steps whose numbers were not finite. The first such step creates it.
  package var nonFinitePath: String { path + "/nonfinite" }

  package var checkpoints: CheckpointStore { CheckpointStore(path: checkpointsPath) }

  /// Refuses a folder of something else: a run writes, and with --restart removes, under names that may be taken there. A
  /// folder is a run's that has checkpoints with settings or a log beside them; a new one may hold logs of its job.
  private func refuseOther() throws {
    guard let names = try? FileSystem.names(in: path) else { return }
    if FileSystem.isFolder(checkpointsPath), FileSystem.exists(configurationPath) || FileSystem.exists(metricsPath) {
      return
    }
    let paths = [
      configurationPath, metricsPath, historyPath, badUtterancesPath, batchesPath, nonFinitePath, checkpointsPath,
      evaluationPath,
    ]
    let own = paths.map(FileSystem.name) + [RunLock.name]
    func isOfJob(_ name: String) -> Bool {
      name.hasPrefix(".") || [".log", ".out", ".err", ".yaml", ".yml"].contains(where: name.hasSuffix)
    }
    guard let other = names.first(where: { !own.contains($0) && !isOfJob($0) }) else { return }
    throw Failure(
      .usage,
      "the run folder \(path) holds '\(other)' and is not a run: name a new or empty folder with --run-dir")
  }

  /// Stores the resolved configuration.
  package func write(configuration yaml: String) throws {
    try AtomicFile.write(yaml, to: configurationPath)
  }

  /// The configuration with which the run began; nil for a new one.
  package func configuration() throws -> String? {
    guard FileSystem.exists(configurationPath) else { return nil }
    return String(decoding: try InputFile.contents(of: configurationPath), as: UTF8.self)
  }
}
