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
    try checkMark()
    let partial = path + "/.\(Self.bestName).partial"
    try FileSystem.remove(partial)
    try SystemCall.run(.create, partial) { symlink(name, partial) }
    try FileSystem.rename(partial, to: bestPath)
    try FileSystem.syncFolder(path)
  }

  /// Removes the mark, so that no checkpoint is the best.
  /// - Throws: `Failure(.failed)` where something else than a link has its name, which stays.
  package func forgetBest() throws {
    try FileSystem.remove(path + "/.\(Self.bestName).partial")
    try checkMark()
    if FileSystem.isLink(bestPath) { try SystemCall.run(.remove, bestPath) { unlink(bestPath) } }
  }

  /// Makes sure that nothing but a link has the mark's name.
  private func checkMark() throws {
    guard !FileSystem.isLink(bestPath), FileSystem.exists(bestPath) else { return }
    throw Failure(.failed, "\(bestPath) is no link to a checkpoint: move it away")
  }

  /// A name in the folder that no run put there, or what else lies in a checkpoint; nil where there is none. Hidden
  /// names and those that only begin as a checkpoint's are never touched.
  package func other() throws -> String? {
    guard FileSystem.isFolder(path) else { return nil }
    let own = Checkpoint.files + [CheckpointManifest.name]
    for name in try FileSystem.names(in: path) where !name.hasPrefix(".") {
      if name == Self.bestName {
        if !FileSystem.isLink(bestPath), FileSystem.exists(bestPath) { return name }
      } else if Self.parse(name: name[...]) != nil {
        // A run that is under way may remove it meanwhile.
        guard FileSystem.exists("\(path)/\(name)") else { continue }
        guard FileSystem.isFolder("\(path)/\(name)") else { return name }
        let files = (try? FileSystem.names(in: "\(path)/\(name)")) ?? []
        if let file = files.first(where: { !own.contains($0) && !$0.hasPrefix(".") }) { return "\(name)/\(file)" }
      } else if !name.hasPrefix("step-") {
        return name
      }
    }
    return nil
  }

  private var bestPath: String { path + "/" + Self.bestName }
}
