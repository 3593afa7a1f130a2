/// The file of an encoder that a path means.
package struct EncoderChoice: Sendable {
  /// The file of the parameters.
  package let file: String
  /// Lines about what was chosen among several checkpoints, and what was passed over; none where there was no choice.
  package let notes: [String]

  /// Chooses the newest checkpoint of a run that verifies. A checkpoint that the path itself names has to be as it
  /// was written.
  /// - Parameter path: a run folder, a checkpoint's folder or a `model.safetensors`.
  /// - Throws: `Failure(.badData)` that says what is missing or broken.
  package init(_ path: String) throws {
    guard FileSystem.isFolder(path) else {
      (file, notes) = (path, [])
      if let refusal = Self.refusal(ofFile: path) { throw refusal }
      try Checkpoint.verifyEncoder(file)
      return
    }
    let path = path.withoutEndingSlashes
    let store = CheckpointStore(path: path + "/checkpoints")
    if FileSystem.isFolder(store.path) {
      let (newest, rejected) = try store.newest()
      guard let newest else { throw Failure(.badData, "\(path): the run has no checkpoint yet") }
      file = newest.encoderPath
      let best = store.best.flatMap { $0 == newest.step ? nil : $0 }.map {
        "; the one of the lowest held-out EER is that of step \($0): \(store.path)/\(CheckpointStore.bestName)"
      }
      notes =
        rejected.map { "warning: \($0.path) is passed over: \($0.reason)" }
        + ["note: \(path): its newest checkpoint is taken, that of step \(newest.step)\(best ?? "")"]
      return
    }
    (file, notes) = (path + "/model.safetensors", [])
    guard FileSystem.exists(file) else { throw Self.refusal(ofFolder: path) }
    try Checkpoint.verifyEncoder(file)
  }
}
