import Foundation

/// The state of the files that a report is made of, by which somebody who made one knows whether another would differ.
/// Folders stand for the files in them, which get their names in one operation.
struct ReportFiles: Sendable, Equatable {
  private struct File: Sendable, Equatable {
    let device: UInt
    let number: UInt
    let bytes: Int
    let seconds: Int
    let nanoseconds: Int
  }

  /// In a fixed order; nil for a file that is not there.
  private let files: [File?]

  /// Looks at the files of runs.
  /// - Parameter runs: the paths of their folders.
  init(_ runs: [String]) {
    files = runs.flatMap { run in
      guard let folder = try? RunFolder(reading: run) else { return [File?.none] }
      let results = EvaluationResults(folder)
      let sets = ((try? EvaluationResults.ofSets(folder)) ?? []).map(\.results.folder)
      let paths = [
        folder.path, folder.configurationPath, folder.metricsPath, folder.historyPath, folder.badUtterancesPath,
        folder.ranksPath, folder.checkpointsPath, folder.evaluationPath, results.scoresPath, results.lastResultPath,
      ]
      return (paths + sets).map(Self.file)
    }
  }

  private static func file(_ path: String) -> File? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return File(
      device: UInt(status.st_dev), number: UInt(status.st_ino), bytes: Int(status.st_size),
      seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }
}
