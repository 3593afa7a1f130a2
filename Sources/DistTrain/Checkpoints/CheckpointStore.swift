/// The checkpoints of a run: folders `step-XXXXXXXX` that appear whole or not at all.
///
/// A checkpoint is written as `.step-XXXXXXXX.partial`: each file is synced, the manifest last, then the folder, which
/// is renamed and its parent synced. A folder that takes the place of an older one of the same step sets the older one
/// aside as `.step-XXXXXXXX.replaced` for the moment between two renames; one that is being removed is called
/// `.step-XXXXXXXX.removed`. So a run that is killed between any two system calls leaves every finished checkpoint, and
/// the names tell which is the newest.
///
/// Only one process of a run, rank 0, changes the folder.
package struct CheckpointStore: Sendable {
  package let path: String

  /// Stands for the checkpoints in a folder, which the first save creates.
  package init(path: String) {
    self.path = path
  }

  /// A folder that is not a whole checkpoint, and the reason.
  package struct Rejected: Sendable, Equatable {
    package let path: String
    package let reason: String
  }

  /// The checkpoint of the highest step that verifies, and the broken ones above it; the checkpoint is nil where there
  /// is none.
  ///
  /// - Parameter check: throws a `Failure` for a checkpoint that is whole but of no use.
  /// - Throws: `Failure(.badData)` that names each folder when there are some and none of them verifies.
  package func newest(
    _ check: (Checkpoint) throws -> Void = { _ in }
  ) throws -> (checkpoint: Checkpoint?, rejected: [Rejected]) {
    var rejected: [Rejected] = []
    for folder in try folders().reversed() {
      do {
        let checkpoint = try verify(folder)
        try check(checkpoint)
        return (checkpoint, rejected)
      } catch let failure as Failure {
        rejected.append(Rejected(path: folder.path, reason: failure.message))
      }
    }
    guard rejected.isEmpty else {
      let reasons = rejected.map { "\($0.path): \($0.reason)" }.joined(separator: "; ")
      throw Failure(.badData, "no checkpoint in \(path) is whole (\(reasons)); --restart starts over")
    }
    return (nil, [])
  }

  /// The path of the file in which rank 0 collects what other ranks hold of a checkpoint, which has this name only for
  /// that time.
  package var collectionPath: String { path + "/.parts.partial" }

  /// The steps of the checkpoints, whole or not, in ascending order.
  package func steps() throws -> [Int] { try folders().map(\.step) }

  /// The checkpoint of a step.
  /// - Throws: `Failure(.badData)` that says what of it is missing or broken.
  package func checkpoint(ofStep step: Int) throws -> Checkpoint {
    guard let folder = try folders().first(where: { $0.step == step }) else {
      throw Failure(.badData, "no checkpoint of step \(step) is in \(path)")
    }
    return try verify(folder)
  }

  /// Saves a checkpoint under the step of its state, in place of an older one of that step.
  ///
  /// - Returns: the path of its folder.
  /// - Throws: `Failure(.failed)` with the path and the system's reason when the disk is full, read-only or broken.
  ///   Then nothing of the new checkpoint stays, and what was there before still is.
  @discardableResult
  package func save(
    encoder: [NamedTensor], optimizer: [NamedTensor], state: TrainingState, metadata: [String: String] = [:]
  ) throws -> String {
    try FileSystem.createFolder(path)
    let final = folder(step: state.step)
    let partial = hidden(step: state.step, .partial)
    // A disk that failed may have kept half of an earlier checkpoint, which would take up room for ever.
    try removeLeftovers()
    do {
      try FileSystem.createFolder(partial)
      try Self.write(encoder: encoder, optimizer: optimizer, state: state, metadata: metadata, into: partial)
      try install(partial, as: final, step: state.step)
    } catch {
      try? FileSystem.remove(partial)
      throw error
    }
    try FileSystem.syncFolder(path)
    try? FileSystem.remove(hidden(step: state.step, .replaced))
    return final
  }

  /// Saves a snapshot as a checkpoint, as the other `save` does.
  @discardableResult
  package func save(_ snapshot: CheckpointSnapshot) throws -> String {
    try save(
      encoder: snapshot.encoder, optimizer: snapshot.optimizer, state: snapshot.state, metadata: snapshot.metadata)
  }

  /// Removes the oldest checkpoints until `keep` are left; the newest whole one and the best one always stay.
  package func prune(keep: Int) throws {
    let folders = try folders()
    var kept = folders.suffix(max(keep, 1))
    // Usually the first folder looked at is whole; older ones than those to keep are looked at only where all of these
    // are broken.
    if let whole = folders.last(where: { (try? verify($0)) != nil }), whole.step < kept[kept.startIndex].step {
      kept.insert(whole, at: kept.startIndex)
    }
    let steps = Set(kept.map(\.step) + [best].compactMap { $0 })
    for folder in folders where !steps.contains(folder.step) { try remove(folder) }
  }

  /// Removes every checkpoint, for a run that starts anew.
  package func removeAll() throws {
    for folder in try folders() { try remove(folder) }
    try forgetBest()
    try removeLeftovers()
  }

  /// Clears what a killed run or a failing disk left behind: removes half-written folders, and puts a folder that was
  /// set aside back if its place is empty.
  package func removeLeftovers() throws {
    guard FileSystem.isFolder(path) else { return }
    try FileSystem.remove(path + "/.\(Self.bestName).partial")
    try FileSystem.remove(collectionPath)
    for name in try FileSystem.names(in: path) {
      guard let (step, suffix) = Self.parse(hidden: name) else { continue }
      if suffix == .replaced, !FileSystem.exists(folder(step: step)) {
        try FileSystem.rename(path + "/" + name, to: folder(step: step))
      } else {
        try FileSystem.remove(path + "/" + name)
      }
    }
    try FileSystem.syncFolder(path)
  }
}

extension CheckpointStore {
  private enum Suffix: String {
    case partial, replaced, removed
  }

  private struct Folder {
    let step: Int
    let path: String
  }

  /// The path of the encoder's file in the checkpoint of a step.
  package func encoderPath(step: Int) -> String { folder(step: step) + "/" + Checkpoint.encoderFile }

  func folder(step: Int) -> String {
    let digits = String(step)
    return path + "/step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  private func hidden(step: Int, _ suffix: Suffix) -> String {
    path + "/." + FileSystem.name(of: folder(step: step)) + "." + suffix.rawValue
  }

  static func parse(name: Substring) -> Int? {
    guard name.hasPrefix("step-") else { return nil }
    let digits = name.dropFirst(5)
    guard digits.utf8.count >= 8, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(digits)
  }

  private static func parse(hidden name: String) -> (step: Int, suffix: Suffix)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].isEmpty, let step = parse(name: parts[1]),
      let suffix = Suffix(rawValue: String(parts[2]))
    else { return nil }
    return (step, suffix)
  }

  /// The folders in ascending order of steps. A folder that was set aside stands in for a missing one that was to take
  /// its place.
  private func folders() throws -> [Folder] {
    guard FileSystem.exists(path) else { return [] }
    var paths: [Int: String] = [:]
    for name in try FileSystem.names(in: path) {
      if let step = Self.parse(name: name[...]) {
        paths[step] = path + "/" + name
      } else if let (step, suffix) = Self.parse(hidden: name), suffix == .replaced, paths[step] == nil {
        paths[step] = path + "/" + name
      }
    }
    return paths.map { Folder(step: $0.key, path: $0.value) }.sorted { $0.step < $1.step }
  }

  private func verify(_ folder: Folder) throws -> Checkpoint {
    let checkpoint = try Checkpoint(verifying: folder.path)
    guard checkpoint.step == folder.step else {
      throw Failure(.badData, "\(folder.path) holds step \(checkpoint.step)")
    }
    return checkpoint
  }

  private static func write(
    encoder: [NamedTensor], optimizer: [NamedTensor], state: TrainingState, metadata: [String: String],
    into folder: String
  ) throws {
    func write(_ name: String, _ body: (OutputFile) throws -> Void) throws -> CheckpointManifest.File {
      let file = try OutputFile(path: folder + "/" + name)
      try body(file)
      let digest = try file.finish()
      return CheckpointManifest.File(name: name, bytes: file.bytes, sha256: digest)
    }
    let files = [
      try write(Checkpoint.encoderFile) { try SafetensorsFile.write(encoder, metadata: metadata, into: $0) },
      try write(Checkpoint.optimizerFile) { try SafetensorsFile.write(optimizer, metadata: [:], into: $0) },
      try write(Checkpoint.stateFile) { try $0.write(try state.json) },
    ]
    try CheckpointManifest(files: files).write(into: folder)
    try FileSystem.syncFolder(folder)
  }

  private func install(_ partial: String, as final: String, step: Int) throws {
    guard FileSystem.exists(final) else {
      try FileSystem.rename(partial, to: final)
      return
    }
    let aside = hidden(step: step, .replaced)
    try FileSystem.remove(aside)
    try FileSystem.rename(final, to: aside)
    do {
      try FileSystem.rename(partial, to: final)
    } catch {
      try? FileSystem.rename(aside, to: final)
      throw error
    }
  }

  /// Removes a folder. Its name is changed first, so that what is left of an interrupted removal does not count as a
  /// checkpoint.
  private func remove(_ folder: Folder) throws {
    let removed = hidden(step: folder.step, .removed)
    try FileSystem.remove(removed)
    try FileSystem.rename(folder.path, to: removed)
    try FileSystem.remove(removed)
  }
}
