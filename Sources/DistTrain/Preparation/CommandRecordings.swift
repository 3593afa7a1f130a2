import Dispatch
import Foundation

/// The outputs of the commands in a corpus's lists, kept as files because training never runs a command.
package struct CommandRecordings: Sendable {
  /// For each command, the file that holds its audio, or the reason why there is none.
  package let files: [Name: Result<String, Failure>]
  /// The folder of the files.
  package let folder: String
  /// What was clipped in the files, by their commands.
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
  ///   - finished: is called after each command, from any thread.
  package init(
    _ commands: [String], into folder: String, limit: Double, finished: @Sendable () -> Void = {}
  ) throws {
    for number in stride(from: 0, to: commands.count, by: 1000) {
      try FileSystem.createFolder(FileSystem.folder(of: "\(folder)/\(PreparedAudio.place(number))"))
    }
    let outcomes = Array(commands.enumerated()).concurrentMap(finished: finished) { number, command in
      let path = "\(folder)/\(PreparedAudio.place(number))"
      do {
        return Result<(path: String, clipped: Int), Failure>.success(
          (path, try Self.record(command, to: path, limit: limit)))
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

  /// Runs one command and converts its output.
  /// - Returns: the number of samples that were clipped.
  private static func record(_ command: String, to path: String, limit: Double) throws -> Int {
    let output = path + ".output"
    let errors = path + ".errors"
    defer {
      try? FileSystem.remove(output)
      try? FileSystem.remove(errors)
    }
    let status = try run(String(Substring(command.utf8.dropLast())), output: output, errors: errors, limit: limit)
    guard status == 0 else {
      let written = (try? InputFile.contents(of: errors)) ?? []
      let last = String(decoding: written.suffix(4096), as: UTF8.self).split(whereSeparator: \.isNewline).last ?? ""
      // The statuses are those of timeout(1): 124, or 137 where the command had to be killed.
      let reason =
        status == 124 || status == 137
        ? "its command was ended after \(limit) s (--command-seconds)" : "its command failed with status \(status)"
      throw Failure(.badData, last.isEmpty ? reason : "\(reason): \(last.prefix(200))")
    }
    do {
      return try convert(output, to: path)
    } catch let failure as Failure where failure.message.begins(with: output + ": ") {
      throw Failure(.badData, "its command's output \(failure.reason(at: output))")
    }
  }

  private static func run(_ command: String, output: String, errors: String, limit: Double) throws -> Int32 {
    for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // Swift's threads block signals, and a program that they start would block them too, so that timeout could not end
    // it.
    process.arguments = [
      "--default-signal", "timeout", "--kill-after=2", String(format: "%.3f", limit), "sh", "-c", command,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    let end = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in end.signal() }
    try process.run()
    end.wait()
    return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }

  private static func convert(_ recording: String, to path: String) throws -> Int {
    let source = try AudioFile(path: recording)
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
