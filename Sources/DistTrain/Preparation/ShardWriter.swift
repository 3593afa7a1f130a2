import CSndFile
import Foundation

/// Writes the audio of utterances as shards, so that a shared file system has few large files. They are tar archives of
/// `key.spk` and `key.wav` (or the recording's own suffix), as those of wespeaker's `tools/make_shard_list.py`.
package struct ShardWriter: Sendable {
  /// The folder of the shards. No other program uses this name, so that `--overwrite` never takes someone's shards for
  /// it.
  static let folderName = "svdist-shards"
  static let listName = "shard.list"

  /// The name of a shard by its number.
  private static func name(_ number: Int) -> String {
    let digits = "\(number)"
    return "shards_\(String(repeating: "0", count: max(0, 9 - digits.count)))\(digits).tar"
  }

  /// Whether a file is named as shards are.
  static func isShard(_ file: String) -> Bool {
    let digits = file.drop { !$0.isNumber }.prefix { $0.isNumber }
    return Int(digits).map { name($0) == file } ?? false
  }

  private let utterancesPerShard: Int
  private let isDecoded: Bool
  private let seed: UInt64

  /// - Parameters:
  ///   - utterancesPerShard: the largest number of utterances in one shard.
  ///   - isDecoded: whether recordings are stored as 16 bits at 16 kHz in one channel, rather than as they are.
  ///   - seed: decides the order of the utterances.
  package init(utterancesPerShard: Int, isDecoded: Bool, seed: UInt64) {
    precondition(utterancesPerShard > 0, "a shard has utterances")
    self.utterancesPerShard = utterancesPerShard
    self.isDecoded = isDecoded
    self.seed = seed
  }

  /// Writes the shards of a data directory, their list and their records.
  ///
  /// Where an utterance is a part of a recording, only the part is stored, decoded, at the recording's rate or, if
  /// `isDecoded`, at 16 kHz.
  /// - Parameters:
  ///   - folder: the folder in which the data directory is being written.
  ///   - final: the path that this folder will have in the end.
  ///   - base: the folder that paths in the list are relative to; nil for absolute ones.
  ///   - clipping: takes the number of samples that were clipped.
  ///   - finished: is called after each utterance, from any thread.
  /// - Returns: the utterances with their places in the shards.
  /// - Throws: `Failure` where an utterance cannot be read or a shard cannot be written.
  func write(
    _ utterances: [ListedUtterance], into folder: String, named final: String, relativeTo base: String?,
    clipping: inout Clipping, finished: @escaping @Sendable () -> Void
  ) throws -> [ListedUtterance] {
    // wespeaker reads shards from end to end, and needs many speakers in each.
    var stream = RandomStream(seed: seed, purpose: .shards)
    let order = stream.shuffled(utterances.indices)
    let chunks = stride(from: 0, to: order.count, by: utterancesPerShard).enumerated().map { number, start in
      (
        name: "\(Self.folderName)/\(Self.name(number))",
        utterances: Array(order[start..<min(start + utterancesPerShard, order.count)])
      )
    }
    try FileSystem.createFolder("\(folder)/\(Self.folderName)")
    let outcomes = chunks.concurrentMap { chunk in
      Result {
        try write(chunk.utterances.map { utterances[$0] }, to: "\(folder)/\(chunk.name)", finished: finished)
      }
    }
    var placed = utterances
    var records: [ShardRecords.Record] = []
    for (chunk, outcome) in zip(chunks, outcomes) {
      let (offsets, bytes, digest, clipped) = try outcome.get()
      clipping.add(clipped)
      for (index, offset) in zip(chunk.utterances, offsets) {
        placed[index].path = "\(final)/\(chunk.name):\(offset)"
        placed[index].recording = nil
        placed[index].start = 0
      }
      records.append(
        ShardRecords.Record(name: chunk.name, bytes: bytes, utterances: offsets.count, sha256: digest))
    }
    try ShardRecords.write(records, into: folder)
    try OutputFile.write(
      lines: chunks.map { base == nil ? "\(final)/\($0.name)" : $0.name }, to: "\(folder)/\(Self.listName)")
    return placed
  }

  /// Writes one shard, which gets its name once it is whole.
  private func write(
    _ utterances: [ListedUtterance], to path: String, finished: () -> Void
  ) throws -> (offsets: [Int], bytes: Int, digest: String, clipping: Clipping) {
    var offsets: [Int] = []
    var clipping = Clipping()
    var bytes = 0
    let digest = try AtomicFile.write(to: path) { file in
      var tar = TarWriter(file)
      for utterance in utterances {
        let (suffix, audio) = try content(utterance, &clipping)
        try tar.add("\(utterance.id).spk", Array(utterance.speaker.utf8))
        offsets.append(try tar.add("\(utterance.id).\(suffix)", audio))
        finished()
      }
      try tar.finish()
      try file.flush()
      bytes = file.bytes
    }
    return (offsets, bytes, digest, clipping)
  }

  /// The audio of an utterance as it is stored, and its suffix.
  private func content(
    _ utterance: ListedUtterance, _ clipping: inout Clipping
  ) throws -> (suffix: String, bytes: [UInt8]) {
    let isPart = utterance.recording != nil
    if !isDecoded, !isPart {
      let bytes = try ShardMember.open(utterance.path)?.bytes() ?? InputFile.contents(of: utterance.path)
      if let suffix = Self.suffix(bytes) { return (suffix, bytes) }
    }
    let rate = isDecoded ? 16_000 : try AudioFile(path: utterance.path).sampleRate
    let samples = try Waveform.read(
      path: utterance.path, start: utterance.start, seconds: isPart ? utterance.seconds : nil, sampleRate: rate)
    clipping.add(Clipping.count(samples), of: utterance.id)
    return ("wav", try MemoryFile.wave(samples, sampleRate: rate))
  }

  /// The suffix by which wespeaker recognises a recording, found from its first bytes; nil for a format that wespeaker
  /// does not read.
  static func suffix(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WAVE".utf8) { return "wav" }
    if bytes.starts(with: "fLaC".utf8) { return "flac" }
    // The first packet of an Ogg stream follows its page's header of 27 bytes and one segment.
    if bytes.starts(with: "OggS".utf8) { return bytes.dropFirst(28).starts(with: "OpusHead".utf8) ? "opus" : "ogg" }
    if bytes.starts(with: "ID3".utf8) || bytes.count > 1 && bytes[0] == 0xFF && bytes[1] & 0xE0 == 0xE0 { return "mp3" }
    return nil
  }
}
