import Foundation

/// Reads wespeaker's raw list (`tools/make_raw_list.py`): one JSON object a line, `{"key": …, "wav": …, "spk": …}`.
enum WespeakerList {
  private struct Entry: Decodable {
    let key: String
    let wav: String
    let spk: String
    /// The pieces of the recording, from one second to another, that the utterance joins. They are given where the list
    /// was made with a list of voice activity.
    let vad: [[Seconds]]?
  }

  /// A time in seconds. wespeaker writes it as in the list of voice activity, in quotes, and reads numbers as well.
  private struct Seconds: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      text = try (try? container.decode(Double.self)).map { "\($0)" } ?? container.decode(String.self)
    }
  }

  /// Whether a file begins like such a list.
  static func isOne(_ path: String) -> Bool {
    guard let file = try? InputFile(path: path), let start = try? file.read(at: 0, count: min(file.bytes, 256)) else {
      return false
    }
    return start.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
  }

  /// The pieces that an entry names; empty for the whole recording.
  private static func pieces(_ entry: Entry) throws(ListedTime.Malformed) -> [(start: Double, seconds: Double)] {
    guard let vad = entry.vad else { return [] }
    guard !vad.isEmpty, vad.allSatisfy({ $0.count == 2 }) else {
      throw ListedTime.Malformed(what: "a list of one or more [start, end], in seconds, is expected")
    }
    return try vad.map { (times) throws(ListedTime.Malformed) in
      try ListedTime.stretch(from: times[0].text, to: times[1].text)
    }
  }

  /// Reads the utterances of a list.
  /// - Throws: `Failure(.badData)` with the line that is malformed, names an utterance a second time, or has a command
  ///   where commands are not allowed.
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
      let pieces: [(start: Double, seconds: Double)]
      do { pieces = try self.pieces(entry) } catch { throw failure("\"vad\": \(error.what)") }
      try rows.add(
        id: entry.key, speaker: entry.spk, file: entry.wav, stretch: pieces.count == 1 ? pieces[0] : nil,
        pieces: pieces.count > 1 ? pieces : [], line: line.number)
    }
    guard !rows.utterances.isEmpty else { throw Failure(.badData, "\(path): the list is empty") }
    return CorpusSource(layout: .wespeaker, utterances: rows.withRecordings())
  }
}
