import Foundation

/// The file `shards.tsv`: the shards that svdist prepare wrote for a data directory, with their expected sizes and
/// digests.
package struct ShardRecords: Sendable {
  /// A shard as it was written.
  package struct Record: Sendable, Equatable {
    /// The path of the shard relative to the data directory.
    package let name: String
    package let bytes: Int
    package let utterances: Int
    /// The SHA-256 of all its bytes in hexadecimal.
    package let sha256: String
  }

  /// A shard that is not as it was written.
  package struct Damage: Sendable, Equatable {
    package let shard: String
    package let reason: String
    package let utterances: Int

    /// Whether a path is that of the shard. Only the last two names of the path are compared, so that it may be given
    /// relative to any folder.
    func holds(shard path: String) -> Bool {
      shard.pathParts.suffix(2).map { Name($0) } == path.pathParts.suffix(2).map { Name($0) }
    }
  }

  static let name = "shards.tsv"
  private static let header = "shard\tbytes\tutterances\tsha256"

  package let records: [Record]
  private let directory: String

  /// Reads the records of a data directory; nil where it has none.
  /// - Throws: `Failure(.badData)` with the line that is malformed.
  package init?(_ directory: String) throws {
    let directory = directory.withoutEndingSlashes
    let path = "\(directory)/\(Self.name)"
    guard FileSystem.exists(path) else { return nil }
    let lines = try TextLines.read(path)
    guard lines.first?.text == Self.header else {
      throw Failure(.badData, "\(path):1: '\(Self.header)', separated by tabs, expected")
    }
    self.directory = directory
    records = try lines.dropFirst().map { line in
      let fields = line.text.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        .map { String(Substring($0)) }
      guard fields.count == 4, let bytes = Int(fields[1]), let utterances = Int(fields[2]), bytes >= 0,
        (0..<Int(Int32.max)).contains(utterances), !fields[0].isEmpty,
        fields[3].utf8.count == 64
      else { throw Failure(.badData, "\(path):\(line.number): not a shard's name, bytes, utterances and SHA-256") }
      return Record(name: fields[0], bytes: bytes, utterances: utterances, sha256: fields[3])
    }
  }

  /// Writes the records into the folder of a data directory.
  static func write(_ records: [Record], into folder: String) throws {
    try OutputFile.write(
      lines: [header] + records.map { "\($0.name)\t\($0.bytes)\t\($0.utterances)\t\($0.sha256)" },
      to: "\(folder)/\(name)")
  }

  /// The shards that are missing or have another length, found without reading them.
  func missing() -> [Damage] {
    records.compactMap { record in
      let now = CorpusTableHeader.List("\(directory)/\(record.name)").bytes
      guard now != record.bytes else { return nil }
      return damage(record, now < 0 ? "is missing" : "has \(now) bytes of \(record.bytes)")
    }
  }

  /// The shards whose bytes are not those that were written, found by reading all of them, on all cores.
  package func damaged(finished: @Sendable () -> Void = {}) -> [Damage] {
    let known = Set(missing().map { Name($0.shard) })
    let found = records.filter { !known.contains(Name("\(directory)/\($0.name)")) }
      .concurrentMap(finished: finished) { record -> Damage? in
        do {
          let digest = try InputFile(path: "\(directory)/\(record.name)").digest()
          return digest == record.sha256 ? nil : damage(record, "has other bytes than were written (SHA-256)")
        } catch {
          return damage(record, Failure(error).message)
        }
      }
    return (missing() + found.compactMap { $0 }).sorted { ByteOrder.precedes($0.shard, $1.shard) }
  }

  private func damage(_ record: Record, _ reason: String) -> Damage {
    Damage(shard: "\(directory)/\(record.name)", reason: reason, utterances: record.utterances)
  }
}

extension [ShardRecords.Damage] {
  /// Whether an utterance's path, as a list of the data directory gives it, lies within one of the shards.
  func holds(_ path: String) -> Bool {
    guard let (shard, _) = ShardMember.place(path) else { return false }
    return contains { $0.holds(shard: shard) }
  }

  /// One line that names the damaged shards and counts their utterances.
  package func summary(in directory: String) -> String {
    let utterances = reduce(0) { $0 + $1.utterances }
    let names = prefix(3).map { "\($0.shard) \($0.reason)" }.joined(separator: "; ")
    return "\(directory): \(count) damaged \(count == 1 ? "shard" : "shards") with \(utterances.counted("utterance")) "
      + "left out: "
      + names + (count > 3 ? " …" : "")
  }
}
