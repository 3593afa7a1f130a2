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
    TextLines.first(of: path)?.begins(with: "{") ?? false
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

  /// Reads the utterances of a list. A line that is malformed or names an utterance a second time is left out.
  /// - Throws: `Failure(.badData)` with the first line where none is right, and for a command where commands are not
  ///   allowed.
  static func source(_ path: String, allowsCommands: Bool) throws -> CorpusSource {
    let lines = try TextLines.read(path)
    guard !lines.isEmpty else { throw Failure(.badData, "\(path): the list is empty") }
    let entries = lines.concurrentMap { line in
      Result { try StrictJSON.decode(Entry.self, from: Data(line.text.utf8), path: "\(path):\(line.number)") }
    }
    var rows = UtteranceRows(path: path, allowsCommands: allowsCommands)
    for (line, entry) in zip(lines, entries) {
      let entry = Result { try checked(entry.get(), place: "\(path):\(line.number)") }
      rows.take(line: line.number) { rows in
        let (entry, pieces) = (try entry.get(), try self.pieces(entry.get(), place: "\(path):\(line.number)"))
        try rows.add(
          id: entry.key, speaker: entry.spk, file: entry.wav, stretch: pieces.count == 1 ? pieces[0] : nil,
          pieces: pieces.count > 1 ? pieces : [], line: line.number)
      }
    }
    return CorpusSource(layout: .wespeaker, utterances: try rows.withRecordings(), leftOut: rows.leftOut)
  }

  /// An entry whose members hold something.
  private static func checked(_ entry: Entry, place: String) throws -> Entry {
    guard ![entry.key, entry.wav, entry.spk].contains("") else {
      throw Failure(.badData, "\(place): the key, wav or spk is empty")
    }
    guard !entry.wav.contains(where: \.isNewline) else {
      throw Failure(.badData, "\(place): a line break in \"wav\": rename the file")
    }
    return entry
  }

  private static func pieces(_ entry: Entry, place: String) throws -> [(start: Double, seconds: Double)] {
    do { return try pieces(entry) } catch { throw Failure(.badData, "\(place): \"vad\": \(error.what)") }
  }
}
