/// `config.yaml`: the settings that a run goes on with, for people and for its next start.
struct StoredSettings {
  private let path: String

  init(_ folder: RunFolder) {
    path = folder.configurationPath
  }

  /// The settings that the file gives.
  /// - Throws: `Failure(.usage)` where it gives none. A pipe in its place is not waited for, as one of the command line
  ///   is.
  func read() throws -> Configuration {
    guard !FileSystem.isDevice(path) else {
      throw Failure(.usage, "\(path): is a pipe or a device, expected a YAML file")
    }
    return try Configuration.load(file: path)
  }

  /// Stores the settings as resolved. A file that somebody wrote stays with its comments if it gives the same settings;
  /// otherwise a copy of it is kept.
  /// - Returns: the path of the copy; nil where none was needed.
  func write(_ configuration: Configuration) throws -> String? {
    let stored = (try? read())?.yaml
    guard stored != configuration.yaml else { return nil }
    let kept = try copyOther(than: stored)
    try AtomicFile.write(configuration.yaml, to: path)
    return kept
  }

  /// Copies a file that svdist did not write to a name that is free.
  private func copyOther(than stored: String?) throws -> String? {
    guard FileSystem.exists(path) else { return nil }
    let bytes = try InputFile.contents(of: path)
    if let stored, bytes.elementsEqual(stored.utf8) { return nil }
    var (kept, number) = (FileSystem.stem(of: path) + "-before.yaml", 1)
    while FileSystem.exists(kept) {
      number += 1
      kept = FileSystem.stem(of: path) + "-before-\(number).yaml"
    }
    try AtomicFile.write(bytes, to: kept)
    return kept
  }
}
