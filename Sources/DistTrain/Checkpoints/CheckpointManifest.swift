import Foundation

/// The list of a checkpoint's files. It is written last, so that a file was written to the end if and only if the list
/// names it.
struct CheckpointManifest: Codable, Equatable {
  struct File: Codable, Equatable {
    let name: String
    let bytes: Int
    /// The SHA-256 of the file in hexadecimal.
    let sha256: String
  }

  static let name = "manifest.json"

  let files: [File]

  /// Writes the manifest into its folder.
  func write(into folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let file = try OutputFile(path: folder + "/" + Self.name)
    try file.write([UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")])
    try file.finish()
  }

  /// Reads a folder's manifest and compares the files with it.
  ///
  /// - Throws: `Failure(.badData)` that names the first file which is missing, or has another size or other bytes.
  static func verify(_ folder: String, names: [String]) throws {
    let (path, manifest) = try read(folder)
    guard manifest.files.map(\.name) == names else {
      throw Failure(.badData, "\(path) lists \(manifest.files.map(\.name)), not \(names)")
    }
    try compare(manifest.files, in: folder)
  }

  /// Compares one file with the manifest beside it.
  /// - Throws: as the other `verify`, and where the manifest does not list the file.
  static func verify(file name: String, in folder: String) throws {
    let (path, manifest) = try read(folder)
    guard let expected = manifest.files.first(where: { $0.name == name }) else {
      throw Failure(.badData, "\(path) does not list \(name)")
    }
    try compare([expected], in: folder)
  }

  private static func read(_ folder: String) throws -> (path: String, manifest: Self) {
    let path = folder + "/" + Self.name
    return (path, try StrictJSON.decode(Self.self, from: Data(try InputFile.contents(of: path)), path: path))
  }

  private static func compare(_ listed: [File], in folder: String) throws {
    let files = try listed.map { try InputFile(path: folder + "/" + $0.name) }
    for (file, expected) in zip(files, listed) where file.bytes != expected.bytes {
      throw Failure(.badData, "\(file.path) has \(file.bytes) bytes, \(expected.bytes) were written")
    }
    for (file, expected) in zip(files, listed) {
      guard try file.digest() == expected.sha256 else {
        throw Failure(.badData, "the bytes of \(file.path) changed since they were written")
      }
    }
  }
}
