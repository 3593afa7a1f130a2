import Foundation

/// Writes Kaldi-style data directories: `wav.scp`, `utt2spk`, `spk2utt` and `utt2dur`, `segments` where utterances are
/// parts of files, and `corpus.index` of them all. All lists are in byte order.
package struct DataDirectoryWriter: Sendable {
  /// The folder that paths are written relative to, which is the one where the lists will lie; nil writes them as they
  /// are.
  private let base: String?

  package init(relativeTo base: String? = nil) {
    self.base = base
  }

  /// Writes the lists of `utterances` into a folder, which is created where it is missing.
  /// - Throws: `Failure(.badData)` where two files would have one key in `wav.scp`, and where a list cannot be written.
  package func write(_ utterances: [ListedUtterance], into folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let sorted = ByteOrder.sorted(utterances) { $0.id }
    let keys = try RecordingKeys(sorted)
    func save(_ name: String, _ lines: [String]) throws { try OutputFile.write(lines: lines, to: "\(folder)/\(name)") }
    try save("wav.scp", files(keys))
    try save("utt2spk", sorted.map { "\($0.id) \($0.speaker)" })
    try save("spk2utt", Self.bySpeaker(sorted))
    try save("utt2dur", sorted.compactMap { utterance in utterance.seconds.map { "\(utterance.id) \($0)" } })
    if sorted.contains(where: { $0.recording != nil }) {
      try save("segments", sorted.map { Self.segment($0, of: keys.key(of: $0)) })
    }
    if sorted.allSatisfy({ $0.seconds != nil }) { try CorpusIndex.write(folder) }
  }

  private func files(_ keys: RecordingKeys) -> [String] {
    ByteOrder.sorted(Array(keys.files)) { $0.key.text }.map { key, path in
      "\(key.text) \(base.map { Self.relative(path, to: $0) } ?? path)"
    }
  }

  private static func bySpeaker(_ utterances: [ListedUtterance]) -> [String] {
    let groups = Dictionary(grouping: utterances) { Name($0.speaker) }
    return ByteOrder.sorted(Array(groups.keys), by: \.text).map { speaker in
      ([speaker.text] + groups[speaker]!.map(\.id)).joined(separator: " ")
    }
  }

  private static func segment(_ utterance: ListedUtterance, of recording: String) -> String {
    let end = KaldiDirectory.rounded(utterance.start + (utterance.seconds ?? 0))
    return "\(utterance.id) \(recording) \(utterance.start) \(end)"
  }

  /// A path relative to a folder: `/data/a/b.wav` seen from `/data/lists` is `../a/b.wav`.
  static func relative(_ path: String, to base: String) -> String {
    let from = base.pathParts
    let to = path.pathParts
    let shared = zip(from, to).prefix { Name($0) == Name($1) }.count
    let relative = (repeatElement("..", count: from.count - shared) + to.dropFirst(shared)).joined(separator: "/")
    // Readers take white space before the path for a separator of fields.
    return relative.unicodeScalars.first?.properties.isWhitespace == true ? "./" + relative : relative
  }
}
