import Foundation

/// The lists of a Kaldi-style data directory: `wav.scp` (`key path`) and `utt2spk`, and optionally `segments`
/// (`utterance recording start end`) and `utt2dur`.
package struct KaldiDirectory: Sendable {
  static let required = ["wav.scp", "utt2spk"]
  static let optional = ["segments", "utt2dur"]

  private let directory: String
  private let files: KaldiList
  private let speakers: KaldiList
  private let segments: KaldiList?
  private let durations: KaldiList?

  /// Reads the lists and checks that they agree with each other; audio files are not opened.
  /// - Parameter allowsCommands: whether `wav.scp` may name commands that end in a pipe (`ListedUtterance.isCommand`).
  /// - Throws: `Failure(.badData)` that names the file and line.
  package init(_ directory: String, allowsCommands: Bool = false) throws {
    guard FileSystem.exists(directory) else {
      throw Failure(.badData, "\(directory): no such folder; is it a Kaldi data directory? svdist prepare makes one")
    }
    self.directory = directory
    func list(_ name: String, fields: Int?) throws -> KaldiList {
      try KaldiList(path: Self.path(of: name, in: directory), fields: fields)
    }
    func optional(_ name: String, fields: Int) throws -> KaldiList? {
      FileSystem.exists(Self.path(of: name, in: directory)) ? try list(name, fields: fields) : nil
    }
    files = try list("wav.scp", fields: nil)
    if !allowsCommands { try Self.refuseCommands(files) }
    speakers = try list("utt2spk", fields: 2)
    segments = try optional("segments", fields: 4)
    durations = segments == nil ? try optional("utt2dur", fields: 2) : nil
    try Self.match(segments ?? files, speakers)
  }

  /// The path of a list in a data directory.
  static func path(of list: String, in directory: String) -> String {
    (directory as NSString).appendingPathComponent(list)
  }

  /// The utterances, in the byte order of their ids. Their `seconds` are known where there are `segments` or `utt2dur`.
  func utterances() throws -> [ListedUtterance] {
    var paths = PathResolver(folder: directory)
    return try speakers.lines.indices.map { index in
      let stretch = try stretch(index)
      let path = files.rest(stretch.file).text
      return ListedUtterance(
        id: speakers.key(index).text, speaker: speakers.rest(index).text,
        path: path.hasSuffix("|") ? path : paths.resolve(path),
        recording: segments == nil ? nil : files.key(stretch.file).text, start: stretch.start, seconds: stretch.seconds)
    }
  }

  /// The lists as a table, with the paths as they are written.
  /// - Parameter fileSeconds: gives the length in seconds of the file at a path, where the lists do not tell it.
  func table(fileSeconds: @escaping @Sendable (String) throws -> Double) throws -> CorpusTable {
    let measured = segments == nil && durations == nil ? try measure(fileSeconds) : nil
    let (names, numbers) = try SpeakerNumbering.number(speakers)
    let builder = CorpusTableBuilder(
      CorpusTable.Sizes(
        utterances: speakers.lines.count, files: files.lines.count, speakers: names.count,
        idBytes: speakers.lines.indices.reduce(0) { $0 + speakers.key($1).bytes.count },
        pathBytes: files.lines.indices.reduce(0) { $0 + files.rest($1).bytes.count },
        nameBytes: names.reduce(0) { $0 + $1.bytes.count }))
    for name in names { builder.add(speaker: name) }
    for index in files.lines.indices { builder.add(path: files.rest(index)) }
    for index in speakers.lines.indices {
      let stretch = try stretch(index)
      builder.add(
        utterance: speakers.key(index), speaker: numbers[index], file: Int32(stretch.file), start: stretch.start,
        seconds: stretch.seconds ?? measured![index])
    }
    return builder.table()
  }

  /// The length of each utterance's file, in seconds.
  private func measure(_ fileSeconds: @escaping @Sendable (String) throws -> Double) throws -> [Double] {
    let lengths = try utterances().concurrentMap { utterance in Result { try fileSeconds(utterance.path) } }
    return try lengths.map { length in
      do {
        return try length.get()
      } catch let failure as Failure {
        throw Failure(failure.kind, "\(failure.message); svdist prepare \(directory) leaves such files out")
      }
    }
  }

  private static func refuseCommands(_ files: KaldiList) throws {
    for index in files.lines.indices where files.rest(index).bytes.last == UInt8(ascii: "|") {
      throw files.failure(files.lines[index], commandRefusal(files.lines[index].key))
    }
  }

  /// The error message for a command where commands are not allowed.
  static func commandRefusal(_ key: String) -> String {
    "'\(key)' is a command that ends in a pipe, which only svdist prepare runs, given --allow-commands: "
      + "it writes what the command writes to a file"
  }

  /// Checks that both lists name the same utterances.
  private static func match(_ utterances: KaldiList, _ speakers: KaldiList) throws {
    let same =
      utterances.lines.count == speakers.lines.count
      && speakers.lines.indices.allSatisfy { utterances.key($0).compare(speakers.key($0)) == 0 }
    if same { return }
    let name = FileSystem.name(of: utterances.path)
    for index in speakers.lines.indices where utterances.index(of: speakers.key(index)) == nil {
      let line = speakers.lines[index]
      throw speakers.failure(line, "utterance '\(line.key)' is not in \(name): add it there or remove this line")
    }
    for index in utterances.lines.indices where speakers.index(of: utterances.key(index)) == nil {
      let line = utterances.lines[index]
      throw utterances.failure(
        line, "utterance '\(line.key)' has no speaker in utt2spk: add it there or remove this line")
    }
  }

  /// The stretch of the utterance on a line of utt2spk: a whole file, or a part of one.
  private func stretch(_ index: Int) throws -> (file: Int, start: Double, seconds: Double?) {
    if let segments { return try cut(segments, index) }
    return (index, 0, try durations.map { try seconds(of: index, in: $0) })
  }

  private func seconds(of utterance: Int, in durations: KaldiList) throws -> Double {
    guard let index = durations.index(of: speakers.key(utterance), guess: utterance) else {
      throw Failure(
        .badData,
        "\(durations.path): utterance '\(speakers.key(utterance).text)' is missing; without the file, durations are "
          + "read from the audio")
    }
    let line = durations.lines[index]
    do throws(ListedTime.Malformed) {
      let seconds = try ListedTime.seconds(line.rest, "duration")
      guard seconds > 0 else { throw ListedTime.Malformed(what: "'\(line.rest)' is no duration in seconds") }
      return seconds
    } catch {
      throw durations.failure(line, error.what)
    }
  }

  private func cut(_ segments: KaldiList, _ index: Int) throws -> (file: Int, start: Double, seconds: Double?) {
    let segment = segments.lines[index]
    let fields = segment.fields
    var recording = fields[0]
    guard let file = recording.withUTF8({ files.index(of: ByteText(UnsafeRawBufferPointer($0))) }) else {
      throw segments.failure(segment, "recording '\(fields[0])' is not in wav.scp")
    }
    do {
      let stretch = try ListedTime.stretch(from: fields[1], to: fields[2])
      return (file, stretch.start, stretch.seconds)
    } catch {
      throw segments.failure(segment, error.what)
    }
  }

  /// A time rounded to nanoseconds, so that 2.4 − 1.2 is 1.2 in the lists.
  package static func rounded(_ seconds: Double) -> Double {
    (seconds * 1e9).rounded() / 1e9
  }
}
