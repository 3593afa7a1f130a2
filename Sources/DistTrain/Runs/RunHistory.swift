import Foundation

/// `history.jsonl`, with a line for each start of a run that says how it was started and at which step it went on.
package struct RunHistory {
  /// A setting or corpus that is another one from this start on.
  package struct Change: Codable, Sendable, Equatable {
    package let key: String
    package let was: String
    package let now: String

    package init(key: String, was: String, now: String) {
      self.key = key
      self.was = was
      self.now = now
    }
  }

  /// A start.
  package struct Start: Codable, Sendable {
    /// The time of day, in UTC, such as `2026-11-29T00:15:16Z`.
    package let date: String
    /// svdist's version.
    package let version: String
    /// The command line of rank 0.
    package let command: [String]
    package let hosts: [String]
    package let ranks: Int
    /// The number of threads of each rank; nil where it is not known.
    package let threads: Int?
    /// Whether `--restart` removed what was there.
    package let restart: Bool
    /// The step that it goes on from; 0 for a run that begins.
    package let step: Int
    /// The changes that `--allow-change` accepted.
    package let changes: [Change]
    /// The encoder that a run began with; nil where its parameters were drawn, and for one that goes on.
    package let from: Origin?

    package init(
      date: String, version: String, command: [String], hosts: [String], ranks: Int, threads: Int?, restart: Bool,
      step: Int, changes: [Change], from: Origin? = nil
    ) {
      self.date = date
      self.version = version
      self.command = command
      self.hosts = hosts
      self.ranks = ranks
      self.threads = threads
      self.restart = restart
      self.step = step
      self.changes = changes
      self.from = from
    }
  }

  /// The encoder that a run began with.
  package struct Origin: Codable, Sendable, Equatable {
    package let path: String
    /// The digest of its tensors, sizes and front end.
    package let encoder: String

    package init(path: String, encoder: String) {
      self.path = path
      self.encoder = encoder
    }
  }

  private let path: String

  package init(_ folder: RunFolder) {
    path = folder.historyPath
  }

  /// Adds a start. A line that was cut short by a kill goes.
  /// - Throws: `Failure(.failed)` with the system's reason where it cannot be written.
  package func add(_ start: Start) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let log = try StepLog(path: path)
    try log.cutBack(to: .max)
    try log.append(String(decoding: encoder.encode(start), as: UTF8.self))
    try log.sync()
  }

  /// The starts, the first one first, as far as the history has them.
  /// - Parameter damaged: is called with the number, from 1, of each line that is no whole start.
  /// - Throws: `Failure` where the file is there and cannot be read.
  package func starts(damaged: (Int) -> Void = { _ in }) throws -> [Start] {
    guard FileSystem.exists(path) else { return [] }
    let lines = try InputFile.contents(of: path).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.enumerated().compactMap { index, line in
      guard !line.isEmpty else { return nil }
      let start = try? JSONDecoder().decode(Start.self, from: Data(line))
      if start == nil { damaged(index + 1) }
      return start
    }
  }

  /// Whether the file under its name is the history of a run.
  func origin() throws -> LogOrigin {
    try LogOrigin(of: path, beginning: "{\"changes\":[") { (try? JSONDecoder().decode(Start.self, from: $0)) != nil }
  }
}

extension RunHistory {
  /// Adds this start of a session's run, which goes on from a step. Training does not depend on it: a line that cannot
  /// be written is reported.
  func add(_ session: RunSession, changes: [Change], step: Int) {
    let options = session.options
    let start = Start(
      date: ISO8601DateFormatter().string(from: Date()), version: options.version, command: options.command,
      hosts: session.communicator.hosts.distinct, ranks: session.communicator.size, threads: options.threads,
      restart: options.restart, step: step, changes: changes,
      from: session.trainer.start.map { Origin(path: $0.path, encoder: $0.identity) })
    do {
      try add(start)
    } catch {
      session.note("warning: this start is not in the run's history: \(Failure(error).message)")
    }
  }
}
