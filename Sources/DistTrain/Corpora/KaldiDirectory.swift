import Foundation

/// The lists of a Kaldi-style data directory: `wav.scp` (`key path`) and `utt2spk`, and optionally `segments`
/// (`utterance recording start end [channel]`) and `utt2dur`.
package struct KaldiDirectory: Sendable {
  static let required = ["wav.scp", "utt2spk"]
  static let optional = ["segments", "utt2dur"]

  /// A line that is passed over, or an utterance whose recording has no length, with what is wrong.
  package struct Fault: Error, Equatable {
    /// The id of the utterance, or `-` where the line names none.
    package let utterance: String
    /// The list and the line, or the recording.
    package let place: String
    package let what: String

    var failure: Failure { Failure(.badData, "\(place): \(what)") }
  }

  private let directory: String
  private let files: KaldiList
  private let speakers: KaldiList
  private let segments: KaldiList?
  private let durations: KaldiList?
  private let isLenient: Bool

  /// Reads the lists and checks that they agree with each other; audio files are not opened.
  /// - Parameters:
  ///   - allowsCommands: whether `wav.scp` may name commands that end in a pipe (`ListedUtterance.isCommand`).
  ///   - isLenient: passes over the lines that are wrong (`listed`) instead of refusing all for one.
  /// - Throws: `Failure(.badData)` that names the file and line.
  package init(_ directory: String, allowsCommands: Bool = false, isLenient: Bool = false) throws {
    try Self.check(directory)
    self.directory = directory
    self.isLenient = isLenient
    func list(_ name: String, fields: ClosedRange<Int>?) throws -> KaldiList {
      try KaldiList(path: Self.path(of: name, in: directory), fields: fields, isLenient: isLenient)
    }
    func optional(_ name: String, fields: ClosedRange<Int>) throws -> KaldiList? {
      FileSystem.exists(Self.path(of: name, in: directory)) ? try list(name, fields: fields) : nil
    }
    files = try list("wav.scp", fields: nil)
    if !allowsCommands { try Self.refuseCommands(files) }
    speakers = try list("utt2spk", fields: 2...2)
    segments = try optional("segments", fields: 4...5)
    durations = segments == nil ? try optional("utt2dur", fields: 2...2) : nil
    if !isLenient, let fault = unmatched().first { throw fault.failure }
  }

  /// Checks that a path is a folder that can be entered.
  /// - Throws: `Failure(.badData)`.
  static func check(_ directory: String) throws {
    func refusal(_ words: String) -> Failure { Failure(.badData, "\(directory): \(words)") }
    guard !directory.isEmpty else {
      throw Failure(.badData, "the name of a data directory is empty: give a folder as svdist prepare makes it")
    }
    guard FileSystem.exists(directory) else {
      throw refusal("no such folder; is it a Kaldi data directory? svdist prepare makes one")
    }
    guard FileSystem.isFolder(directory) else {
      throw refusal("is a file; expected a Kaldi data directory, a folder with wav.scp, as svdist prepare makes it")
    }
    guard access(directory, X_OK) == 0 else {
      throw refusal("the folder cannot be entered (\(String(cString: strerror(errno)))): change its permissions")
    }
  }

  /// The path of a list in a data directory.
  static func path(of list: String, in directory: String) -> String {
    (directory as NSString).appendingPathComponent(list)
  }

  /// The utterances, in the byte order of their ids, and the lines that are passed over. Lengths are known where there
  /// are `segments` or `utt2dur`.
  /// - Throws: `Failure(.badData)` with the first line that is wrong, unless the lists are read leniently and any
  ///   utterance is left.
  package func listed() throws -> (utterances: [ListedUtterance], faults: [Fault]) {
    var paths = PathResolver(folder: directory)
    var faults = isLenient ? unread() : []
    // An utterance whose line could not be read in one list is listed for that, not for lacking in the list as well.
    let known = Set(faults.map { Name($0.utterance) })
    if isLenient { faults += unmatched().filter { !known.contains(Name($0.utterance)) } }
    var utterances: [ListedUtterance] = []
    utterances.reserveCapacity(speakers.lines.count)
    for index in speakers.lines.indices where !isLenient || (segments ?? files).index(of: speakers.key(index)) != nil {
      do throws(Fault) {
        let stretch = try stretch(index)
        let path = files.rest(stretch.file).text
        utterances.append(
          ListedUtterance(
            id: speakers.key(index).text, speaker: speakers.rest(index).text,
            path: path.ends(with: "|") ? path : paths.resolve(path),
            recording: segments == nil ? nil : files.key(stretch.file).text, start: stretch.start,
            seconds: stretch.seconds, channel: stretch.channel))
      } catch {
        guard isLenient else { throw error.failure }
        faults.append(error)
      }
    }
    if utterances.isEmpty, let first = faults.first { throw first.failure }
    return (utterances, faults)
  }

  /// A line that counts the recordings of which no line of `segments` speaks; nil where there are none.
  package var unsegmented: String? {
    guard let segments else { return nil }
    let named = Set(segments.lines.lazy.map { Name($0.fields[0]) })
    let silent = files.lines.lazy.filter { !named.contains(Name($0.key)) }.map(\.key)
    guard let first = silent.first else { return nil }
    return "recordings of wav.scp that no line of segments names: \(silent.count), the first: \(first)"
  }

  /// The lists as a table, with the paths as they are written. An utterance whose length the lists do not tell and
  /// whose recording cannot be measured keeps its place, with a length of 0.
  /// - Parameter fileSeconds: gives the length in seconds of the file at a path, where the lists do not tell it.
  /// - Throws: `Failure(.badData)` with the first line that is wrong, and where no utterance is left.
  func table(
    fileSeconds: @escaping @Sendable (String) throws -> Double
  ) throws -> (table: CorpusTable, contents: CorpusContents, unmeasured: [Fault]) {
    var stretches: [Stretch] = []
    stretches.reserveCapacity(speakers.lines.count)
    for index in speakers.lines.indices {
      do throws(Fault) { stretches.append(try stretch(index)) } catch { throw error.failure }
    }
    let listsLengths = stretches.allSatisfy { $0.seconds != nil }
    let unmeasured = try measure(&stretches, fileSeconds)
    let (names, numbers) = try SpeakerNumbering.number(speakers)
    let builder = CorpusTableBuilder(
      CorpusTable.Sizes(
        utterances: speakers.lines.count, files: files.lines.count, speakers: names.count,
        idBytes: speakers.lines.indices.reduce(0) { $0 + speakers.key($1).bytes.count },
        pathBytes: files.lines.indices.reduce(0) { $0 + files.rest($1).bytes.count },
        nameBytes: names.reduce(0) { $0 + $1.bytes.count }))
    for name in names { builder.add(speaker: name) }
    for index in files.lines.indices { builder.add(path: files.rest(index)) }
    for (index, stretch) in stretches.enumerated() {
      builder.add(
        utterance: speakers.key(index), speaker: numbers[index], file: Int32(stretch.file), start: stretch.start,
        seconds: stretch.seconds ?? 0, channel: stretch.channel)
    }
    let table = builder.table()
    return (table, CorpusContents(table, listsLengths: listsLengths), unmeasured)
  }

  /// Gives the stretches without a length that of their files, from the start on.
  /// - Returns: the utterances that still have none.
  private func measure(
    _ stretches: inout [Stretch], _ fileSeconds: @escaping @Sendable (String) throws -> Double
  ) throws -> [Fault] {
    let open = stretches.indices.filter { stretches[$0].seconds == nil }
    guard !open.isEmpty else { return [] }
    var paths = PathResolver(folder: directory)
    let places = open.map { (path: paths.resolve(files.rest(stretches[$0].file).text), start: stretches[$0].start) }
    let lengths = places.concurrentMap { place in
      Result {
        let seconds = Self.rounded(try fileSeconds(place.path) - place.start)
        guard seconds > 0 else {
          throw Failure(.badData, "\(place.path): ends before the start, \(place.start) s")
        }
        return seconds
      }
    }
    var faults: [Fault] = []
    for (index, (place, length)) in zip(open, zip(places, lengths)) {
      do {
        stretches[index].seconds = try length.get()
      } catch let failure as Failure where failure.kind == .badData {
        faults.append(
          Fault(utterance: speakers.key(index).text, place: place.path, what: failure.reason(at: place.path)))
      }
    }
    guard faults.count < stretches.count else {
      throw Failure(.badData, "\(directory): no recording can be read; the first: \(faults[0].failure.message)")
    }
    return faults
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

  /// The lines that the lists were read without.
  private func unread() -> [Fault] {
    [files, speakers, segments].compactMap(\.self).flatMap { list in
      list.faults.map {
        Fault(utterance: $0.key.isEmpty ? "-" : $0.key, place: "\(list.path):\($0.number)", what: $0.what)
      }
    }
  }

  /// The lines for which another list has no line of the same utterance.
  private func unmatched() -> [Fault] {
    let utterances = segments ?? files
    let same =
      utterances.lines.count == speakers.lines.count
      && speakers.lines.indices.allSatisfy { utterances.key($0).compare(speakers.key($0)) == 0 }
    if same { return [] }
    let name = FileSystem.name(of: utterances.path)
    let silent = speakers.lines.indices.filter { utterances.index(of: speakers.key($0)) == nil }.map { index in
      let line = speakers.lines[index]
      return Fault(
        utterance: line.key, place: "\(speakers.path):\(line.number)",
        what: "the utterance is not in \(name): add '\(line.key)' there or remove this line")
    }
    let nameless = utterances.lines.indices.filter { speakers.index(of: utterances.key($0)) == nil }.map { index in
      let line = utterances.lines[index]
      return Fault(
        utterance: line.key, place: "\(utterances.path):\(line.number)",
        what: "the utterance has no speaker in utt2spk: add '\(line.key)' there or remove this line")
    }
    return silent + nameless
  }

  /// A whole file, or a part of one; without a length it goes to the end of the file.
  private struct Stretch {
    let file: Int
    var start = 0.0
    var seconds: Double?
    var channel: Int?
  }

  /// The stretch of the utterance on a line of utt2spk.
  private func stretch(_ index: Int) throws(Fault) -> Stretch {
    if isLenient { return try lenientStretch(index) }
    if let segments { return try cut(segments, index) }
    return Stretch(file: index, seconds: try durations.map { (list) throws(Fault) in try seconds(of: index, in: list) })
  }

  /// The stretch where the lists need not be of the same utterances. A duration that cannot be read counts as none.
  private func lenientStretch(_ index: Int) throws(Fault) -> Stretch {
    let key = speakers.key(index)
    if let segments { return try cut(segments, segments.index(of: key, guess: index)!) }
    return Stretch(
      file: files.index(of: key, guess: index)!, seconds: durations.flatMap { try? seconds(of: index, in: $0) })
  }

  private func seconds(of utterance: Int, in durations: KaldiList) throws(Fault) -> Double {
    let id = speakers.key(utterance).text
    guard let index = durations.index(of: speakers.key(utterance), guess: utterance) else {
      throw Fault(
        utterance: id, place: durations.path,
        what: "utterance '\(id)' is missing; without the file, durations are read from the audio")
    }
    let line = durations.lines[index]
    do throws(ListedTime.Malformed) {
      let seconds = try ListedTime.seconds(line.rest, "duration")
      guard seconds > 0 else { throw ListedTime.Malformed(what: "is no duration in seconds: '\(line.rest)'") }
      return seconds
    } catch {
      throw Fault(utterance: id, place: "\(durations.path):\(line.number)", what: error.what)
    }
  }

  /// The stretch on a line of `segments`: `utterance recording start end [channel]`, where an end of −1 is that of the
  /// file.
  private func cut(_ segments: KaldiList, _ index: Int) throws(Fault) -> Stretch {
    let segment = segments.lines[index]
    let fields = segment.fields
    func fault(_ what: String) -> Fault {
      Fault(utterance: segment.key, place: "\(segments.path):\(segment.number)", what: what)
    }
    guard let file = ByteText.with(fields[0], { files.index(of: $0) }) else {
      throw fault("the recording is not in wav.scp: '\(fields[0])'")
    }
    var stretch = Stretch(file: file)
    if fields.count > 3 {
      guard let channel = Int(fields[3]), (0..<1024).contains(channel) else {
        throw fault("is no channel, counted from 0: '\(fields[3])'")
      }
      stretch.channel = channel
    }
    do {
      if Double(fields[2]) == -1 {
        stretch.start = try ListedTime.seconds(fields[1], "start")
      } else {
        let times = try ListedTime.stretch(from: fields[1], to: fields[2])
        (stretch.start, stretch.seconds) = (times.start, times.seconds)
      }
    } catch {
      throw fault(error.what)
    }
    return stretch
  }

  /// A time rounded to nanoseconds, so that 2.4 − 1.2 is 1.2 in the lists.
  package static func rounded(_ seconds: Double) -> Double {
    (seconds * 1e9).rounded() / 1e9
  }
}
