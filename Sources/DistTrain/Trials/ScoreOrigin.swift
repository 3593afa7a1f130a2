import Foundation

/// How scores were made: a threshold of them holds for scores that are made in the same way alone.
package struct ScoreOrigin: Sendable, Equatable, Codable {
  /// What the scores are in words, such as `cosine`, or the steps of a back end.
  package let kind: String
  /// The identity of the encoder of the embeddings; nil where it is not known.
  package let encoder: String?
  /// The SHA-256 of the back end's file; nil without one.
  package let backEnd: String?

  package init(kind: String, encoder: String?, backEnd: String? = nil) {
    (self.kind, self.encoder, self.backEnd) = (kind, encoder, backEnd)
  }

  /// The kind of cosines of embeddings as they are.
  package static let cosine = "cosine"

  /// The origin in words, such as `cosine, encoder 0123456789ab`.
  package var words: String {
    let names = [("back end", backEnd), ("encoder", encoder)]
    return ([kind] + names.compactMap { name, digest in digest.map { "\(name) \($0.prefix(12))" } })
      .joined(separator: ", ")
  }

  /// Checks that other scores are made as these are.
  /// - Parameter place: what these are of, such as `--threshold FILE`.
  /// - Returns: a line where it is not known whether both are of one encoder; nil where they are.
  /// - Throws: `Failure(.usage)` where the others are made in another way.
  package func check(_ others: ScoreOrigin, _ place: String) throws -> String? {
    let isOther = kind != others.kind || backEnd != others.backEnd
    let encoders = [encoder, others.encoder].compactMap(\.self)
    guard !isOther, Set(encoders).count < 2 else {
      throw Failure(
        .usage,
        "\(place): is of other scores (\(words)) than these (\(others.words)): take one of scores that are made as these are"
      )
    }
    return encoders.count == 2 ? nil : "\(place): it is not known whether it is of the same encoder as these scores"
  }
}

/// The file `NAME.origin` beside a file of scores, for which their format has no room.
extension ScoreOrigin {
  private struct Mark: Codable {
    let origin: ScoreOrigin
    /// The SHA-256 of the file of scores: another one of that name is not meant.
    let scores: String
  }

  package static func path(of scores: String) -> String { scores + ".origin" }

  /// Checks, before scores are computed, that nothing else lies in the place of the mark.
  /// - Throws: `Failure(.usage)` where something does.
  package static func check(of scores: String) throws {
    let path = path(of: scores)
    guard !FileSystem.isDevice(scores), FileSystem.exists(path), !FileSystem.isFolder(path) else { return }
    let file = try? InputFile(path: path)
    if let file, file.bytes == 0 || mark(file.beginning(1 << 12)) != nil { return }
    throw Failure(
      .usage,
      "\(scores): \(path), which would tell the origin of its scores, is there and is something else: choose another name, "
        + "or remove it")
  }

  private static func mark(_ bytes: [UInt8]) -> Mark? { try? JSONDecoder().decode(Mark.self, from: Data(bytes)) }

  /// The origin of a file of scores; nil where it is not known.
  package static func of(scores path: String) throws -> ScoreOrigin? {
    guard !FileSystem.isDevice(path), FileSystem.exists(self.path(of: path)),
      let mark = mark(try InputFile.contents(of: self.path(of: path))),
      try InputFile(path: path).digest() == mark.scores
    else { return nil }
    return mark.origin
  }

  /// Writes the mark, which gets its name later.
  /// - Parameter digest: the SHA-256 of the file of scores.
  package func stage(beside scores: String, digest: String) throws -> StagedFile {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = [UInt8](try encoder.encode(Mark(origin: self, scores: digest))) + [UInt8(ascii: "\n")]
    return try AtomicFile.stage(Self.path(of: scores)) { try $0.write(json) }
  }
}
