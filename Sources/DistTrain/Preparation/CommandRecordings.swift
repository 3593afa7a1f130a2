import Foundation

/// The outputs of the commands in a corpus's lists, kept as files because training never runs a command.
package struct CommandRecordings: Sendable {
  /// The file that holds each command's audio, or the reason why there is none.
  package let files: [Name: Result<String, Failure>]
  /// The folder of the files.
  package let folder: String
  /// The samples that were clipped in the files, by their commands.
  package let clipping: Clipping

  /// The commands among the utterances' paths, each once, in byte order.
  package static func commands(_ source: CorpusSource) -> [String] {
    ByteOrder.sorted(Array(Set(source.utterances.lazy.filter(\.isCommand).map { Name($0.path) })), by: \.text)
      .map(\.text)
  }

  /// Runs commands by `sh -c`, as many at a time as there are cores, and keeps their audio as 16-bit FLAC files.
  ///
  /// - Parameters:
  ///   - folder: a new folder, which holds nothing but the files.
  ///   - limit: the seconds after which a command and all that it started are ended.
  ///   - mostBytes: the largest number of bytes that a command may write into a file.
  ///   - finished: is called after each command, from any thread.
  package init(
    _ commands: [String], into folder: String, limit: Double, mostBytes: Int = Self.mostBytes,
    finished: @Sendable () -> Void = {}
  ) throws {
    for number in stride(from: 0, to: commands.count, by: 1000) {
      try FileSystem.createFolder(FileSystem.folder(of: "\(folder)/\(PreparedAudio.place(number))"))
    }
    let outcomes = Array(commands.enumerated()).concurrentMap(finished: finished) { number, command in
      let path = "\(folder)/\(PreparedAudio.place(number))"
      do {
        return Result<(path: String, clipped: Int), Failure>.success(
          (path, try Self.record(command, to: path, limit: limit, mostBytes: mostBytes)))
      } catch {
        try? FileSystem.remove(path)
        return .failure(error as? Failure ?? Failure(.badData, "its command cannot be run: \(error)"))
      }
    }
    var clipping = Clipping()
    for (command, outcome) in zip(commands, outcomes) {
      if let clipped = try? outcome.get().clipped { clipping.add(clipped, of: command) }
    }
    let made = outcomes.map { outcome in outcome.map(\.path) }
    files = Dictionary(uniqueKeysWithValues: zip(commands.map { Name($0) }, made))
    self.clipping = clipping
    self.folder = folder
  }

  /// The utterances with the paths that they will have once the files have been moved into another folder.
  func moved(_ utterances: [ListedUtterance], to other: String) -> [ListedUtterance] {
    utterances.map { utterance in
      guard utterance.path.begins(with: folder + "/") else { return utterance }
      return utterance.located(at: other + utterance.path.dropping(bytes: folder.utf8.count))
    }
  }

  /// Usually as much as a WAV file holds: a command may write without an end, and faster than its time is over.
  package static let mostBytes = 1 << 32

  /// Runs one command and converts its output.
  /// - Returns: the number of samples that were clipped.
  private static func record(_ command: String, to path: String, limit: Double, mostBytes: Int) throws -> Int {
    let output = path + ".output"
    let errors = path + ".errors"
    defer {
      try? FileSystem.remove(output)
      try? FileSystem.remove(errors)
    }
    let status = try run(
      String(Substring(command.utf8.dropLast())), output: output, errors: errors, limit: limit, mostBytes: mostBytes)
    guard status == 0 else {
      let reason =
        switch status {
        // The statuses are those of timeout(1): 124, or 137 where the command had to be killed.
        case 124, 137: "its command was ended after \(limit) s (--command-seconds)"
        case 128 + SIGXFSZ: "its command wrote more than \(mostBytes) bytes: does it end?"
        default: "its command failed with status \(status)"
        }
      let last = lastLine(of: errors)
      throw Failure(.badData, last.isEmpty ? reason : "\(reason): \(last)")
    }
    do {
      return try convert(output, to: path)
    } catch let failure as Failure where failure.message.begins(with: output + ": ") {
      throw Failure(.badData, "its command's output \(failure.reason(at: output))")
    }
  }

  /// The last line of a file, or the beginning of it.
  private static func lastLine(of path: String) -> String {
    guard let file = try? InputFile(path: path) else { return "" }
    let count = min(file.bytes, 4096)
    let end = (try? file.read(at: file.bytes - count, count: count)) ?? []
    return String((String(decoding: end, as: UTF8.self).split(whereSeparator: \.isNewline).last ?? "").prefix(200))
  }

  private static func run(
    _ command: String, output: String, errors: String, limit: Double, mostBytes: Int
  ) throws -> Int32 {
    let process = try ChildProcess(
      "timeout",
      [
        "--kill-after=2", String(format: "%.3f", limit),
        // The shell counts in blocks of 512 bytes.
        "sh", "-c", "ulimit -f \"$1\" && exec sh -c \"$2\"", "sh", "\((mostBytes + 511) / 512)", command,
      ], output: output, errors: errors)
    return try process.wait()
  }

  private static func convert(_ recording: String, to path: String) throws -> Int {
    let source = try AudioFile(path: recording)
    try source.checkNothingFollows(source.seconds)
    guard source.channels <= FLACFile.mostChannels else {
      throw AudioFile.unusable(
        recording,
        "has \(source.channels) channels, of which FLAC holds \(FLACFile.mostChannels): let the command write fewer")
    }
    let file = try FLACFile(path: path, sampleRate: source.sampleRate, channels: source.channels)
    var position = 0
    while position < source.frames {
      let count = min(source.frames - position, 10 * source.sampleRate)
      try file.append(source.interleaved(from: position, count: count))
      position += count
    }
    try file.close()
    return file.clipped
  }
}
