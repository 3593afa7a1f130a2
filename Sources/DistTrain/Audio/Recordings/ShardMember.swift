import Foundation

/// A recording within a shard, named `shard.tar:OFFSET` as Kaldi names places in archives, where OFFSET is that of its
/// first byte.
struct ShardMember: Sendable {
  /// The whole name, with the offset.
  let path: String
  let shard: InputFile
  let offset: Int
  let count: Int

  /// Finds the member that a path names; nil for the path of a file.
  /// - Throws: `Failure(.badData)` where the shard cannot be read or has no member at the offset.
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

  /// All of a file, as if it were a member of a shard.
  /// - Throws: `Failure(.badData)` where the file cannot be read.
  static func whole(_ path: String) throws(Failure) -> ShardMember {
    do {
      let file = try InputFile(path: path)
      return ShardMember(path: path, shard: file, offset: 0, count: file.bytes)
    } catch {
      throw Failure(error)
    }
  }

  /// Checks that the shard still holds the whole member.
  /// - Throws: `Failure(.badData)` where it does not.
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

  /// The shard and the offset that a path names, or nil for the path of a file.
  static func place(_ path: String) -> (shard: String, offset: Int)? {
    // This is a quick test, because most of the many paths do not end in a digit.
    guard let last = path.utf8.last, isDigit(last) else { return nil }
    let digits = path.utf8.reversed().prefix(while: isDigit).count
    let shard = path.utf8.dropLast(digits)
    guard digits <= 15, shard.suffix(5).elementsEqual(".tar:".utf8) else { return nil }
    guard let offset = Int(path.suffix(digits)) else { return nil }
    return (String(path.dropLast(digits + 1)), offset)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Reads up to `count` bytes from a position within the member on. There are fewer at the end, and none where they
  /// cannot be read.
  func read(at position: Int, count: Int) -> [UInt8] {
    guard position >= 0, position < self.count else { return [] }
    return (try? shard.read(at: offset + position, count: min(count, self.count - position))) ?? []
  }

  /// Reads all bytes of the member.
  func bytes() throws -> [UInt8] { try shard.read(at: offset, count: count) }
}
