/// A checkpoint whose files were compared with their digests.
package struct Checkpoint: Sendable {
  /// Its folder.
  package let path: String
  package let state: TrainingState

  package var step: Int { state.step }

  static let encoderFile = "model.safetensors"
  static let optimizerFile = "optimizer.safetensors"
  static let stateFile = "state.json"
  static let files = [encoderFile, optimizerFile, stateFile]

  /// - Throws: a `Failure` that says in which file what is wrong.
  package init(verifying path: String) throws {
    try CheckpointManifest.verify(path, names: Self.files)
    let statePath = path + "/" + Self.stateFile
    self.path = path
    state = try TrainingState(json: try InputFile.contents(of: statePath), path: statePath)
  }

  package var encoderPath: String { path + "/" + Self.encoderFile }

  /// The encoder's and the classifier's tensors.
  package func encoder() throws -> SafetensorsFile { try SafetensorsFile(path: encoderPath) }

  package func optimizer() throws -> SafetensorsFile { try SafetensorsFile(path: path + "/" + Self.optimizerFile) }
}
