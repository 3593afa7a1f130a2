import Foundation

/// The lists of a Kaldi-style data directory: `wav.scp` (`key path`) and `utt2spk`; optional `segments`
/// (`utterance recording start end`) and `utt2dur`.
package struct KaldiDirectory: Sendable {
  /// In the byte order of their ids. `seconds` is known where there are `segments` or `utt2dur`.
  package let utterances: [ListedUtterance]

  /// Reads and checks the lists; audio files are not opened. Throws `.badData` naming file and line.
  /// - Parameter allowsCommands: whether `wav.scp` may name commands that end in a pipe (`ListedUtterance.isCommand`).
  package init(_ directory: String, allowsCommands: Bool = false) throws {
    guard FileSystem.exists(directory) else {
      throw Failure(.badData, "\(directory): no such folder; is it a Kaldi data directory? svdist prepare makes one")
    }
    let folder = directory as NSString
    func list(_ name: String, fields: Int?) throws -> KaldiList {
      try KaldiList(path: folder.appendingPathComponent(name), fields: fields)
    }
    func exists(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: folder.appendingPathComponent(name))
    }
    let files = try list("wav.scp", fields: nil)
    if !allowsCommands { try Self.refuseCommands(files) }
    let speakers = try list("utt2spk", fields: 2)
    if exists("segments") {
      let segments = try list("segments", fields: 4)
      try Self.match(segments, speakers)
      utterances = try Self.cut(segments, from: files, speakers: speakers, folder: directory)
    } else {
      try Self.match(files, speakers)
      let durations = exists("utt2dur") ? try list("utt2dur", fields: 2) : nil
      utterances = try Self.whole(files, speakers: speakers, durations: durations, folder: directory)
    }
  }

  private static func refuseCommands(_ files: KaldiList) throws {
    for line in files.lines where line.rest.hasSuffix("|") {
      throw files.failure(line, commandRefusal(line.key))
    }
  }

  static func commandRefusal(_ key: String) -> String {
    "'\(key)' is a command that ends in a pipe, which only svdist prepare runs, given --allow-commands: "
      + "it writes what the command writes to a file"
  }

  /// Both lists must name the same utterances.
  private static func match(_ utterances: KaldiList, _ speakers: KaldiList) throws {
    let same = zip(utterances.lines, speakers.lines).allSatisfy { ByteOrder.equal($0.key, $1.key) }
    if same, utterances.lines.count == speakers.lines.count { return }
    let name = (utterances.path as NSString).lastPathComponent
    for line in speakers.lines where utterances.line(of: line.key) == nil {
      throw speakers.failure(line, "utterance '\(line.key)' is not in \(name): add it there or remove this line")
    }
    for line in utterances.lines where speakers.line(of: line.key) == nil {
      throw utterances.failure(
        line, "utterance '\(line.key)' has no speaker in utt2spk: add it there or remove this line")
    }
  }

  private static func whole(
    _ files: KaldiList, speakers: KaldiList, durations: KaldiList?, folder: String
  ) throws -> [ListedUtterance] {
    var paths = PathResolver(folder: folder)
    return try zip(files.lines, speakers.lines).map { file, speaker in
      ListedUtterance(
        id: file.key, speaker: speaker.rest, path: Self.path(file, &paths),
        seconds: try durations.map { try seconds(of: file.key, in: $0) })
    }
  }

  private static func seconds(of utterance: String, in durations: KaldiList) throws -> Double {
    guard let line = durations.line(of: utterance) else {
      throw Failure(
        .badData,
        "\(durations.path): utterance '\(utterance)' is missing; without the file, durations are read from the audio")
    }
    guard let seconds = Double(line.rest), seconds.isFinite, seconds > 0 else {
      throw durations.failure(line, "'\(line.rest)' is no duration in seconds")
    }
    return seconds
  }

  private static func cut(
    _ segments: KaldiList, from files: KaldiList, speakers: KaldiList, folder: String
  ) throws -> [ListedUtterance] {
    var paths = PathResolver(folder: folder)
    return try zip(segments.lines, speakers.lines).map { segment, speaker in
      let fields = segment.fields
      guard let file = files.line(of: String(fields[0])) else {
        throw segments.failure(segment, "recording '\(fields[0])' is not in wav.scp")
      }
      guard let start = Double(fields[1]), let end = Double(fields[2]), start.isFinite, end.isFinite, start >= 0 else {
        throw segments.failure(segment, "'\(fields[1]) \(fields[2])' are no start and end in seconds")
      }
      guard end > start else {
        throw segments.failure(segment, "the end, \(fields[2]) s, is not after the start, \(fields[1]) s")
      }
      return ListedUtterance(
        id: segment.key, speaker: speaker.rest, path: Self.path(file, &paths), recording: file.key, start: start,
        seconds: rounded(end - start))
    }
  }

  private static func path(_ file: KaldiList.Line, _ paths: inout PathResolver) -> String {
    file.rest.hasSuffix("|") ? file.rest : paths.resolve(file.rest)
  }

  /// Nanoseconds: 2.4 − 1.2 stays 1.2 in the lists.
  package static func rounded(_ seconds: Double) -> Double {
    (seconds * 1e9).rounded() / 1e9
  }
}
