/// `bad-utterances.tsv`: the utterances and the recordings to augment with that training could not read, each once,
/// with step, utterance (`-` for what is none), path and reason. The first one begins the file. Those that could not be
/// read when the corpus was opened have the step that the run went on from.
final class BadUtteranceLog {
  private let path: String
  private let batches: BatchStream
  private var log: StepLog?

  /// The mark in the place of an utterance's id.
  private static let noUtterance = "-"
  private static let header = "step\tutterance\tpath\treason"

  /// Opens the list to continue after a step, if there is one.
  init(path: String, of batches: BatchStream, after step: Int) throws {
    self.path = path
    self.batches = batches
    if FileSystem.exists(path) || !batches.source.corpus.unmeasured.isEmpty {
      try list(in: open(after: step), at: step)
    }
  }

  private func open(after step: Int) throws -> StepLog {
    if let log { return log }
    let log = try StepLog(path: path) { line in
      let fields = Self.fields(line)
      guard fields.count == 4 else { return nil }
      return fields[0] == "step" ? 0 : Int(fields[0])
    }
    try cutBack(log, to: step)
    self.log = log
    return log
  }

  /// Cuts off the utterances that were met after a step.
  private func cutBack(_ log: StepLog, to step: Int) throws {
    try log.cutBack(to: step)
    if try InputFile(path: path).bytes == 0 { try log.append(Self.header) }
  }

  private func add(_ report: StepReport, note: (String) -> Void) {
    add(report.unreadable, step: report.metrics.step, note: note)
    add(report.unreadableRecordings, step: report.metrics.step, note: note)
  }

  /// Lists what could not be read when the corpus was opened and is not in the list yet.
  private func list(in log: StepLog, at step: Int) throws {
    let faults = batches.source.corpus.unmeasured
    if faults.isEmpty { return }
    let lines = try InputFile.contents(of: path).split(separator: UInt8(ascii: "\n"))
    // Earlier versions wrote ids as they are.
    let listed = Set(lines.compactMap { Self.fields($0).dropFirst().first.map { Name($0.shown) } })
    for fault in faults where !listed.contains(Name(fault.utterance.shown)) {
      try log.append(Self.line(step, [fault.utterance, fault.place, fault.what]))
    }
  }

  /// A line of the list, in which texts are written as messages show them.
  private static func line(_ step: Int, _ fields: [String]) -> String {
    (["\(step)"] + fields.map(\.shown)).joined(separator: "\t")
  }

  /// The fields of a line. Its bytes tell them apart: a mark that follows a tab would make one character with it.
  private static func fields(_ line: ArraySlice<UInt8>) -> [String] {
    line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Says once of each utterance that it cannot be read, and lists it. Its copies at other speeds are the same
  /// recording.
  private func add(_ unreadable: [BatchLoader.Unreadable], step: Int, note: (String) -> Void) {
    guard !unreadable.isEmpty else { return }
    let corpus = batches.source.corpus
    let new = Set(unreadable.map(\.utterance))
    var known = Set(batches.unreadable.filter { !new.contains($0) }.map { corpus.listedID($0) })
    for one in unreadable {
      let id = corpus.listedID(one.utterance)
      guard known.insert(id).inserted else { continue }
      note("warning: utterance \(id) is replaced by others of its speaker from now on: \(one.reason)")
      list(step, [id, corpus.utterances[one.utterance].path, one.reason], note: note)
    }
  }

  /// Says once of each recording to augment with that it cannot be read, and lists it.
  private func add(_ unreadable: [UnreadableRecording], step: Int, note: (String) -> Void) {
    for one in unreadable {
      note("warning: a recording of \(one.place.kind.setting) is replaced by others where it is drawn: \(one.reason)")
      let path = batches.source.loader.augmentation.lists[one.place]
      list(step, [Self.noUtterance, path, one.reason], note: note)
    }
  }

  private func list(_ step: Int, _ fields: [String], note: (String) -> Void) {
    do {
      try open(after: step - 1).append(Self.line(step, fields))
    } catch {
      note("warning: \(fields[1]) is not in the list: \(error)")
    }
  }
}

extension BadUtteranceLog: StepObserver {
  func took(_ step: StepReport, note: (String) -> Void) {
    add(step, note: note)
  }

  func broke(_ step: NonFiniteStep, note: (String) -> Void) {
    add(step.report, note: note)
  }

  func wentBack(to step: Int) throws {
    guard let log else { return }
    try cutBack(log, to: step)
    try list(in: log, at: step)
  }
}
