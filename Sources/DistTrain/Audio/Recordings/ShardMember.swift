import Foundation

/// A recording within a shard, named `shard.tar:OFFSET` as Kaldi names places in archives: its bytes begin at OFFSET.
struct ShardMember: Sendable {
  /// The whole name.
  let path: String
  let shard: InputFile
  let offset: Int
  let count: Int

  /// The member that a path names; nil for the path of a file.
  ///
  /// - Throws: `Failure(.badData)` where the shard cannot be read or has no member there.
  static func open(_ path: String) throws(Failure) -> ShardMember? {
    guard let (shard, offset) = place(path) else { return nil }
    do {
      let file = try OpenShards.shared.file(shard)
      guard offset >= TarHeader.byteCount, offset <= file.bytes else {
        throw Failure(.badData, "the shard has \(file.bytes) bytes")
      }
      let header = try TarHeader(file.read(at: offset - TarHeader.byteCount, count: TarHeader.byteCount))
      guard header.isFile, header.size <= file.bytes - offset else {
        throw Failure(.badData, "its \(header.size) bytes are not all there")
      }
      return ShardMember(path: path, shard: file, offset: offset, count: header.size)
    } catch {
      throw missing(path, error)
    }
  }

  /// - Throws: `Failure(.badData)` where the shard no longer reaches to the member's end.
  func checkPresence() throws(Failure) {
    guard count > 0 else { return }
    do {
      _ = try shard.read(at: offset + count - 1, count: 1)
    } catch {
      throw Self.missing(path, error)
    }
  }

  private static func missing(_ path: String, _ error: any Error) -> Failure {
    AudioFile.unusable(path, "is not in its shard: \(Failure(error).message)")
  }

  /// The shard and the offset that a path names; nil for the path of a file.
  static func place(_ path: String) -> (shard: String, offset: Int)? {
    // Most paths end otherwise, and there are many.
    guard let last = path.utf8.last, isDigit(last) else { return nil }
    let digits = path.utf8.reversed().prefix(while: isDigit).count
    let shard = path.utf8.dropLast(digits)
    guard digits <= 15, shard.suffix(5).elementsEqual(".tar:".utf8) else { return nil }
    guard let offset = Int(path.suffix(digits)) else { return nil }
    return (String(path.dropLast(digits + 1)), offset)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Up to `count` bytes from one on: fewer at the end, or where they cannot be read.
  func read(at position: Int, count: Int) -> [UInt8] {
    guard position >= 0, position < self.count else { return [] }
    return (try? shard.read(at: offset + position, count: min(count, self.count - position))) ?? []
  }

  func bytes() throws -> [UInt8] { try shard.read(at: offset, count: count) }
}
