import Foundation

/// wespeaker's raw list (`tools/make_raw_list.py`): one JSON object a line, `{"key": …, "wav": …, "spk": …}`.
enum WespeakerList {
  private struct Entry: Decodable {
    let key: String
    let wav: String
    let spk: String
    /// Set where the list was made with a voice activity list: pieces of the recording, from one second to another, of
    /// which the utterance is joined.
    let vad: [[Seconds]]?
  }

  /// wespeaker writes seconds as they stood in the voice activity list, in quotes, and takes numbers as well.
  private struct Seconds: Decodable {
    let value: Double

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      value = try (try? container.decode(Double.self)) ?? Double(container.decode(String.self)) ?? .nan
    }
  }

  /// Whether a file begins as one.
  static func isOne(_ path: String) -> Bool {
    guard let file = try? InputFile(path: path), let start = try? file.read(at: 0, count: min(file.bytes, 256)) else {
      return false
    }
    return start.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
  }

  /// The pieces that an entry names, none for the whole recording; nil where they are none.
  private static func pieces(_ entry: Entry) -> [(start: Double, seconds: Double)]? {
    guard let vad = entry.vad else { return [] }
    let pieces = vad.compactMap { times -> (start: Double, seconds: Double)? in
      let values = times.map(\.value)
      guard values.count == 2, values.allSatisfy(\.isFinite), values[0] >= 0, values[1] > values[0] else { return nil }
      return (values[0], KaldiDirectory.rounded(values[1] - values[0]))
    }
    return pieces.isEmpty || pieces.count < vad.count ? nil : pieces
  }

  /// - Throws: `Failure(.badData)` with the line that is malformed, names an utterance twice, or a command where these
  ///   are not allowed.
  static func source(_ path: String, allowsCommands: Bool) throws -> CorpusSource {
    let bytes = try InputFile.contents(of: path)
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
      .map { (number: $0.offset + 1, bytes: $0.element) }.filter { !$0.bytes.allSatisfy { $0 <= 0x20 } }
    let entries = lines.concurrentMap { line in
      Result { try StrictJSON.decode(Entry.self, from: Data(line.bytes), path: "\(path):\(line.number)") }
    }
    var rows = UtteranceRows(path: path)
    for (line, entry) in zip(lines, entries) {
      let entry = try entry.get()
      func failure(_ what: String) -> Failure { Failure(.badData, "\(path):\(line.number): \(what)") }
      guard ![entry.key, entry.wav, entry.spk].contains("") else { throw failure("the key, wav or spk is empty") }
      guard !entry.wav.contains(where: \.isNewline) else { throw failure("a line break in \"wav\": rename the file") }
      guard allowsCommands || !entry.wav.hasSuffix("|") else {
        throw failure(KaldiDirectory.commandRefusal(entry.key))
      }
      guard let pieces = pieces(entry) else {
        throw failure("\"vad\" is not a list of one or more [start, end], in seconds, with the end after the start")
      }
      try rows.add(
        id: entry.key, speaker: entry.spk, file: entry.wav, stretch: pieces.count == 1 ? pieces[0] : nil,
        pieces: pieces.count > 1 ? pieces : [], line: line.number)
    }
    guard !rows.utterances.isEmpty else { throw Failure(.badData, "\(path): the list is empty") }
    return CorpusSource(layout: .wespeaker, utterances: rows.withRecordings())
  }
}
