import Foundation

/// The file `NAME.encoder` beside a file of Kaldi's vectors. It says which encoder made them, for which their format
/// has no room.
struct EncoderMark: Codable {
  /// The encoder's identity.
  let encoder: String
  /// The SHA-256 of the file of vectors: another one of that name is not meant.
  let embeddings: String

  static func path(of file: String) -> String { file + ".encoder" }

  /// Checks, before vectors are computed, that nothing else lies in the mark's place.
  /// - Throws: `Failure(.usage)` where something does.
  static func check(of file: String) throws {
    let path = path(of: file)
    guard !FileSystem.isDevice(file), FileSystem.exists(path), !FileSystem.isFolder(path) else { return }
    let mark = try? InputFile(path: path)
    if let mark, mark.bytes == 0 || isMark(mark.beginning(1 << 12)) { return }
    throw Failure(
      .usage,
      "\(file): \(path), which would tell the encoder of its embeddings, is there and is something else: "
        + "choose another name, or remove it")
  }

  private static func isMark(_ bytes: [UInt8]) -> Bool {
    (try? JSONDecoder().decode(Self.self, from: Data(bytes))) != nil
  }

  /// The encoder that made a file's vectors; nil where that is not known.
  static func encoder(of file: String) throws -> String? {
    guard FileSystem.exists(path(of: file)), !FileSystem.isDevice(file),
      let mark = try? JSONDecoder().decode(Self.self, from: Data(InputFile.contents(of: path(of: file)))),
      try InputFile(path: file).digest() == mark.embeddings
    else { return nil }
    return mark.encoder
  }

  /// The encoder that made the vectors of several files; nil where that is not known of each.
  /// - Throws: `Failure(.badData)` where they are of different encoders.
  static func encoder(of files: [String], listedIn list: String) throws -> String? {
    let encoders = try files.map { try encoder(of: $0) }
    guard Set(encoders.compactMap(\.self)).count < 2 else {
      throw Failure(.badData, "\(list): its embeddings are of different encoders: embed all with the same one")
    }
    return encoders.contains(nil) ? nil : encoders.first ?? nil
  }

  /// Writes the mark, which gets its name later.
  func stage(of file: String) throws -> StagedFile {
    let json = [UInt8](try JSONEncoder.sorted.encode(self)) + [UInt8(ascii: "\n")]
    return try AtomicFile.stage(Self.path(of: file)) { try $0.write(json) }
  }
}

extension JSONEncoder {
  fileprivate static var sorted: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return encoder
  }
}
