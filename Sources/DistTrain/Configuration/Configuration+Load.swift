import Foundation

extension Configuration {
  /// The configuration of a run: defaults, overridden by the settings of a YAML file, overridden by `key.path=value`
  /// arguments in their order. What follows from other settings is filled in, and paths that exist are made absolute.
  ///
  /// Throws a `Failure(.usage)` of one line for a file that can't be read, an unknown key (with near ones), a value of
  /// the wrong type or out of range, and settings that don't agree.
  /// - Parameter encoders: the types that `encoder.type` can name.
  public static func load(
    file: String?, overrides: [String] = [], encoders: [EncoderArchitecture] = EncoderArchitecture.known
  ) throws -> Configuration {
    var reader = ConfigurationReader(encoders: encoders)
    if let file { try reader.read(file: file) }
    for override in overrides { try reader.read(override: override) }
    var configuration = try reader.finish()
    try configuration.resolve(folder: file.map { URL(fileURLWithPath: $0).deletingLastPathComponent() })
    try configuration.validate()
    return configuration
  }

  /// Fills in the settings that follow from others. A relative path is tried from the working directory, then from
  /// `folder`; one that is in neither stays as it is, and is reported by whoever opens it.
  private mutating func resolve(folder: URL?) throws {
    contrastive.attention.scale = contrastive.attention.scale ?? classification.scale
    let paths = [
      \Self.corpus.train, \.corpus.evaluation, \.corpus.trials, \.augmentation.musan, \.augmentation.noise,
      \.augmentation.music, \.augmentation.speech, \.augmentation.rooms,
    ]
    for path in paths {
      self[keyPath: path] = try self[keyPath: path].map { try Self.resolve(path: $0, folder: folder) }
    }
  }

  private static func resolve(path: String, folder: URL?) throws -> String {
    let path = path.begins(with: "~/") ? try String(home: path) : path
    try WorkingFolder.check(for: path)
    let candidates = [URL(fileURLWithPath: path), folder.map { URL(fileURLWithPath: path, relativeTo: $0) }]
    let existing = candidates.compactMap { $0?.standardizedFileURL.path }
      .first { FileManager.default.fileExists(atPath: $0) }
    return existing ?? path
  }
}

extension String {
  /// A path below the home folder, which `~` stands for.
  fileprivate init(home path: String) throws {
    if let home = getenv("HOME") { _ = try String(system: home, "the home folder") }
    self = NSString(string: path).expandingTildeInPath
  }
}
