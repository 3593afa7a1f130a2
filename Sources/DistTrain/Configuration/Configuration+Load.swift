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
    try GivenSettings(file: file, overrides: overrides, encoders: encoders).configuration()
  }

  /// Fills in the settings that follow from others. A relative path is tried from the working directory, then from
  /// `folder`; one that is in neither stays as it is, and is reported by whoever opens it.
  fileprivate mutating func resolve(folder: URL?) throws {
    contrastive.attention.scale = contrastive.attention.scale ?? classification.scale
    let paths = [
      \Self.corpus.train, \.corpus.evaluation, \.corpus.trials, \.augmentation.musan, \.augmentation.noise,
      \.augmentation.music, \.augmentation.speech, \.augmentation.rooms, \.training.from,
    ]
    for path in paths {
      self[keyPath: path] = try self[keyPath: path].map { try Self.resolve(path: $0, folder: folder) }
    }
    try replacePathsOfSets { try Self.resolve(path: $0, folder: folder) }
    stages = try zip(stages, ofStages).map { _, own in
      var stage = own
      try stage.resolve(folder: folder)
      return Stage(stage)
    }
  }

  fileprivate static func resolve(path: String, folder: URL?) throws -> String {
    try candidates(path: path, folder: folder).first { FileManager.default.fileExists(atPath: $0) } ?? inHome(path)
  }

  /// The paths that a path stands for, seen from the working directory and from a folder.
  fileprivate static func candidates(path: String, folder: URL?) throws -> [String] {
    let path = try inHome(path)
    try WorkingFolder.check(for: path)
    return [URL(fileURLWithPath: path), folder.map { URL(fileURLWithPath: path, relativeTo: $0) }]
      .compactMap { $0?.standardizedFileURL.path }
  }

  private static func inHome(_ path: String) throws -> String {
    path.begins(with: "~/") ? try String(home: path) : path
  }
}

/// The settings of a configuration's sources as they were given, before defaults and what follows from others.
package struct GivenSettings {
  private let reader: ConfigurationReader
  private let folder: URL?

  /// Reads the sources.
  /// - Throws: `Failure(.usage)` of one line, as `Configuration.load` does.
  package init(
    file: String?, overrides: [String] = [], encoders: [EncoderArchitecture] = EncoderArchitecture.known
  ) throws {
    var reader = ConfigurationReader(encoders: encoders)
    if let file { try reader.read(file: file) }
    for override in overrides { try reader.read(override: override) }
    self.reader = reader
    folder = file.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
  }

  /// The path of the encoder that training starts from; nil where none is named.
  package var start: String? {
    get throws { try reader.start.map { try Configuration.resolve(path: $0, folder: folder) } }
  }

  /// Whether a path is one that the given one may stand for, whether or not anything is there.
  package func mayStart(from path: String) -> Bool {
    guard let start = reader.start else { return false }
    let candidates = (try? Configuration.candidates(path: start, folder: folder)) ?? []
    return (candidates + [start]).contains { Name($0) == Name(path) }
  }

  /// The configuration that the settings make.
  /// - Parameter stored: the settings of a stored encoder and its front end, which take the place of the defaults; the
  ///   rows that batch statistics are taken over do not.
  /// - Throws: `Failure(.usage)` of one line, as `Configuration.load` does.
  package func configuration(of stored: Configuration? = nil) throws -> Configuration {
    var reader = reader
    if let stored { reader.take(stored) }
    var configuration = try reader.finish()
    try configuration.resolve(folder: folder)
    try configuration.validate()
    return configuration
  }
}

extension Configuration {
  /// An argument that sets a key to a path or another text, whatever characters it has.
  package static func override(_ key: String, with text: String) -> String { "\(key)=\(text.yaml)" }
}

extension String {
  /// A path below the home folder, which `~` stands for.
  fileprivate init(home path: String) throws {
    if let home = getenv("HOME") { _ = try String(system: home, "the home folder") }
    self = NSString(string: path).expandingTildeInPath
  }
}
