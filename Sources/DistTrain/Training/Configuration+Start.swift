extension Configuration {
  /// The configuration of a training, whose encoder and front end are those of the encoder that it starts from wherever
  /// no setting of them is given.
  /// - Parameter folder: the folder of a run that may be there already; nil for none. What it holds goes before what it
  ///   was started from, which need not be there any more.
  /// - Throws: `Failure(.usage)`, also for settings that are given and are not those of that encoder;
  ///   `Failure(.badData)` where there is no such encoder.
  package static func load(_ given: GivenSettings, resuming folder: String? = nil) throws -> Configuration {
    guard let start = try given.start else { return try given.configuration() }
    if let folder, let own = try newestSettings(in: folder) {
      var configuration = try given.configuration(of: own)
      let before = try? load(file: folder.withoutEndingSlashes + "/config.yaml")
      configuration.training.from = before?.training.from.flatMap { given.mayStart(from: $0) ? $0 : nil } ?? start
      return configuration
    }
    let stored = try newestSettings(in: start) ?? settings(of: EncoderChoice(start).file)
    let configuration = try given.configuration(of: stored)
    try configuration.checkEncoder(stored, of: start)
    return configuration
  }

  /// The settings of the encoder of a run, all of whose checkpoints have the same; nil where none can be read.
  private static func newestSettings(in folder: String) throws -> Configuration? {
    let store = CheckpointStore(path: folder.withoutEndingSlashes + "/checkpoints")
    guard FileSystem.isFolder(store.path) else { return nil }
    return try store.steps().reversed().lazy.compactMap { try? settings(of: store.encoderPath(step: $0)) }.first
  }

  private static func settings(of path: String) throws -> Configuration {
    try encoder(metadata: SafetensorsFile(path: path).metadata, path: path)
  }
}
