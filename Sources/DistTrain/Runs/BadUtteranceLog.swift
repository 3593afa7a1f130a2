/// `bad-utterances.tsv`: the utterances and the recordings to augment with that training could not read, each once, with
/// step, utterance (`-` for what is none), path and reason. The first one begins the file. Those that could not be read
/// when the corpus was opened have the step that the run went on from.
final class BadUtteranceLog {
  private let path: String
  private let batches: BatchStream
  private var log: StepLog?

  /// What stands in the place of an utterance's id.
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
      let fields = String(decoding: line, as: UTF8.self).split(separator: "\t", omittingEmptySubsequences: false)
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
    let lines = String(decoding: try InputFile.contents(of: path), as: UTF8.self).split(separator: "\n")
    let listed = Set(lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false).dropFirst().first ?? "" })
    for fault in faults {
      let fields = Self.fields([fault.utterance, fault.place, fault.what])
      guard !listed.contains(fields[0][...]) else { continue }
      try log.append("\(step)\t\(fields.joined(separator: "\t"))")
    }
  }

  private static func fields(_ texts: [String]) -> [String] {
    texts.map { String($0.map { $0 == "\t" || $0.isNewline ? " " : $0 }) }
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
      note("utterance \(id) is replaced by others of its speaker from now on: \(one.reason)")
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
    let line = ["\(step)"] + Self.fields(fields)
    do {
      try open(after: step - 1).append(line.joined(separator: "\t"))
    } catch {
      note("warning: \(line[2]) is not in the list: \(error)")
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
