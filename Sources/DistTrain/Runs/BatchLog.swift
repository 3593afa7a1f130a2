/// `batches.jsonl`: the contents of each row of the global batch for every step, including steps whose update was left
/// out.
final class BatchLog {
  /// The log of rank 0; nil on other ranks.
  private let log: StepLog?
  private let batches: BatchStream
  private var source: BatchSource { batches.source }
  private let communicator: any Communicator

  /// Opens the log to continue after a step, or begins it.
  init(path: String, of batches: BatchStream, after step: Int, communicator: any Communicator) throws {
    self.batches = batches
    self.communicator = communicator
    log = communicator.rank == 0 ? try StepLog(path: path) : nil
    try log?.cutBack(to: step)
  }

  private func append(_ step: StepReport, note: (String) -> Void) {
    let own = step.rows.map { $0.json(source.corpus, source.loader.augmentation) }.joined(separator: ",")
    let rows = communicator.gather(own).joined(separator: ",")
    let (metrics, seconds) = (step.metrics, JSONText.number(source.cropLengths.seconds(step: step.metrics.step - 1)))
    do {
      try log?.append(
        "{\"step\":\(metrics.step),\"epoch\":\(metrics.epoch),\"seconds\":\(seconds),\"rows\":[\(rows)]}")
    } catch {
      note("warning: the step's batch is not in the log: \(error)")
    }
  }
}

extension BatchLog: StepObserver {
  func took(_ step: StepReport, note: (String) -> Void) { append(step, note: note) }

  func skipped(_ step: StepReport, note: (String) -> Void) { append(step, note: note) }

  func wentBack(to step: Int) throws { try log?.cutBack(to: step) }
}
