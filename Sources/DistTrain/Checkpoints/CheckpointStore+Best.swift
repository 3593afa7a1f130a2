import Foundation

/// The mark of the checkpoint that evaluates best: `best`, a symbolic link to its folder.
extension CheckpointStore {
  package static let bestName = "best"

  /// The step of the best checkpoint; nil where none is marked or the marked one is gone.
  package var best: Int? {
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: bestPath)
    guard let target, let step = Self.parse(name: target[...]), FileSystem.isFolder(folder(step: step)) else {
      return nil
    }
    return step
  }

  /// Marks the checkpoint of a step as the best, in place of another one. A run that is killed meanwhile has one of the
  /// two marked.
  ///
  /// - Throws: `Failure(.failed)` where there is no such checkpoint or the link cannot be made.
  package func markBest(step: Int) throws {
    let name = FileSystem.name(of: folder(step: step))
    guard FileSystem.isFolder(folder(step: step)) else {
      throw Failure(.failed, "no checkpoint of step \(step) is in \(path): it cannot be the best")
    }
    let partial = path + "/.\(Self.bestName).partial"
    try FileSystem.remove(partial)
    try SystemCall.run(.create, partial) { symlink(name, partial) }
    try FileSystem.rename(partial, to: bestPath)
    try FileSystem.syncFolder(path)
  }

  /// Removes the mark, so that no checkpoint is the best.
  package func forgetBest() throws {
    try FileSystem.remove(path + "/.\(Self.bestName).partial")
    try FileSystem.remove(bestPath)
  }

  private var bestPath: String { path + "/" + Self.bestName }
}
