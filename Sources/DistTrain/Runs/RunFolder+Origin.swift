/// The refusal of a folder of something else: a run writes, and with --restart removes, under names that may be taken
/// there.
extension RunFolder {
  /// - Throws: `Failure(.usage)` that names what lies in the folder and is no run's.
  func refuseOther() throws {
    guard let names = try? FileSystem.names(in: path) else { return }
    let isRun = try refuseOtherLogs()
    if let other = try checkpoints.other() { throw refusal("\(FileSystem.name(of: checkpointsPath))/\(other)") }
    guard !isRun else { return }
    let own = [
      configurationPath, metricsPath, historyPath, checkpointsPath, evaluationPath, "\(path)/\(RunLock.name)",
    ].map(FileSystem.name)
    if let other = names.first(where: { !own.contains($0) && !JobOutput.holds("\(path)/\($0)") }) {
      throw Failure(
        .usage, "the run folder \(path) holds '\(other)' and is not a run: name a new or empty folder with --run-dir")
    }
    if FileSystem.exists(configurationPath), !hasOwnSettings { throw refusal(FileSystem.name(of: configurationPath)) }
    if let result = (try? FileSystem.names(in: evaluationPath))?.first(where: { !$0.hasPrefix(".") }) {
      throw refusal("\(FileSystem.name(of: evaluationPath))/\(result)")
    }
  }

  /// Refuses logs of something else.
  /// - Returns: whether the folder is a run's by its logs, or by settings beside checkpoints.
  private func refuseOtherLogs() throws -> Bool {
    let logs = [(metricsPath, try MetricsLog.origin(of: metricsPath)), (historyPath, try RunHistory(self).origin())]
    if let (path, _) = logs.first(where: { $0.1 == .other }) { throw refusal(FileSystem.name(of: path)) }
    return logs.contains { $0.1 == .run } || (FileSystem.isFolder(checkpointsPath) && hasOwnSettings)
  }

  private var hasOwnSettings: Bool { (try? StoredSettings(self).read()) != nil }

  private func refusal(_ name: String) -> Failure {
    Failure(
      .usage,
      "the run folder \(path) holds '\(name)', which is no run's and would be lost: move it away, or name a new or empty "
        + "folder with --run-dir")
  }
}
