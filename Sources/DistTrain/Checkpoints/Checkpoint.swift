/// A checkpoint whose files were compared with their digests.
package struct Checkpoint: Sendable {
  /// The checkpoint's folder.
  package let path: String
  package let state: TrainingState

  package var step: Int { state.step }

  static let encoderFile = "model.safetensors"
  static let optimizerFile = "optimizer.safetensors"
  static let stateFile = "state.json"
  static let files = [encoderFile, optimizerFile, stateFile]

  /// Reads a checkpoint and compares its files with their digests.
  /// - Throws: `Failure(.badData)` that names the file and what is wrong with it.
  package init(verifying path: String) throws {
    try CheckpointManifest.verify(path, names: Self.files)
    let statePath = path + "/" + Self.stateFile
    self.path = path
    state = try TrainingState(json: try InputFile.contents(of: statePath), path: statePath)
  }

  /// Compares a checkpoint's file of the encoder's tensors with its digest, where the checkpoint's manifest is beside
  /// it; other files are left alone.
  /// - Throws: `Failure(.badData)` that names the file and what is wrong with it.
  static func verifyEncoder(_ path: String) throws {
    guard isEncoder(path) else { return }
    try CheckpointManifest.verify(file: encoderFile, in: FileSystem.folder(of: path))
  }

  /// Whether a file is a checkpoint's file of the encoder's tensors, as the manifest beside it says.
  package static func isEncoder(_ path: String) -> Bool {
    FileSystem.name(of: path) == encoderFile
      && FileSystem.exists(FileSystem.folder(of: path) + "/" + CheckpointManifest.name)
  }

  package var encoderPath: String { path + "/" + Self.encoderFile }

  /// The file of the encoder's and the classifier's tensors.
  package func encoder() throws -> SafetensorsFile { try SafetensorsFile(path: encoderPath) }

  /// The file of the optimiser's tensors.
  package func optimizer() throws -> SafetensorsFile { try SafetensorsFile(path: path + "/" + Self.optimizerFile) }
}
