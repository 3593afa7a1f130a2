/// `bad-utterances.tsv`: the utterances that training met and could not read, each once: step, utterance, path, reason.
package final class BadUtteranceLog {
  private let log: StepLog
  package var path: String { log.path }

  private static let header = "step\tutterance\tpath\treason"

  /// Opens the list to go on after a step, or begins it.
  package init(path: String, after step: Int) throws {
    log = try StepLog(path: path) { line in
      let fields = String(decoding: line, as: UTF8.self).split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 4 else { return nil }
      return fields[0] == "step" ? 0 : Int(fields[0])
    }
    try cutBack(to: step)
  }

  /// Cuts off what was met after a step.
  package func cutBack(to step: Int) throws {
    try log.cutBack(to: step)
    if try InputFile(path: path).bytes == 0 { try log.append(Self.header) }
  }

  /// - Parameters:
  ///   - id: of the utterance, as the lists have it.
  ///   - path: of its recording.
  package func append(step: Int, id: String, path: String, reason: String) throws {
    let fields = ["\(step)", id, path, reason].map { field in
      String(field.map { $0 == "\t" || $0.isNewline ? " " : $0 })
    }
    try log.append(fields.joined(separator: "\t"))
  }
}
