import Foundation

/// Reads wespeaker's list of shards (`tools/make_shard_list.py`). Each line names a tar archive whose members `key.spk`
/// and `key.wav` (or another suffix) are the speaker and the recording of an utterance, one after the other.
enum ShardList {
  /// Whether a file begins like such a list.
  static func isOne(_ path: String) -> Bool {
    guard let line = TextLines.first(of: path) else { return false }
    return [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"].contains { line.ends(with: $0) }
  }

  /// Reads the utterances of all shards of a list.
  /// - Throws: `Failure(.badData)` for a list without a shard that can be read, and for an utterance that comes twice.
  static func source(_ path: String) throws -> CorpusSource {
    var resolver = PathResolver(folder: FileSystem.folder(of: path))
    let shards = try TextLines.read(path).map { line in
      guard !line.text.contains("://") else {
        throw Failure(.badData, "\(path):\(line.number): '\(line.text)' is not on a file system: copy it to one")
      }
      return (line: line.number, path: URL(fileURLWithPath: resolver.resolve(line.text)).path)
    }
    guard !shards.isEmpty else { throw Failure(.badData, "\(path): the list is empty") }
    // The shards that svdist wrote come with the digests of their bytes.
    let damages = try ShardRecords(FileSystem.folder(of: path))?.damaged() ?? []
    let whole = shards.filter { shard in !damages.contains { $0.holds(shard: shard.path) } }
    guard !whole.isEmpty else { throw Failure(.badData, damages.summary(in: path)) }
    var rows = UtteranceRows(path: path, allowsCommands: false)
    var leftOut = damages.filter { damage in shards.contains { damage.holds(shard: $0.path) } }.map {
      let lost = "\($0.utterances.counted("utterance")) \($0.utterances.ifOne("is", "are")) left out"
      return LeftOut(utterance: "-", path: $0.shard, reason: "the shard is damaged: \($0.reason); its \(lost)")
    }
    var passedOver: [String: Int] = [:]
    for (shard, contents) in zip(whole, whole.concurrentMap { ShardContents($0.path) }) {
      for entry in contents.entries {
        let place = "\(shard.path):\(entry.offset)"
        rows.take(line: shard.line) {
          try $0.add(id: entry.key, speaker: entry.speaker, file: place, line: shard.line)
        }
      }
      leftOut += contents.leftOut
      passedOver.merge(contents.passedOver, uniquingKeysWith: +)
    }
    guard !rows.utterances.isEmpty else {
      throw Failure(
        .badData, "\(path): its shards hold no utterance" + (leftOut.first.map { "; \($0.path) \($0.reason)" } ?? ""))
    }
    return CorpusSource(
      layout: .shards, utterances: try rows.withRecordings(), leftOut: leftOut + rows.leftOut, passedOver: passedOver,
      notes: damages.isEmpty ? [] : [damages.summary(in: path)])
  }
}
