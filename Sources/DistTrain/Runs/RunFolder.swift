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
  package var badUtterancesPath: String { path + "/bad-utterances.tsv" }
  package var batchesPath: String { path + "/batches.jsonl" }
  package var checkpointsPath: String { path + "/checkpoints" }
  package var evaluationPath: String { path + "/evaluation" }
  /// The folder for the contents of steps whose numbers were not finite. The first such step creates it.
  package var nonFinitePath: String { path + "/nonfinite" }

  package var checkpoints: CheckpointStore { CheckpointStore(path: checkpointsPath) }

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
