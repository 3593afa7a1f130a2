/// `metrics.jsonl`: a line a step.
package final class MetricsLog {
  private let log: StepLog
  package var path: String { log.path }

  /// Opens the log to go on at its end, or begins it.
  package init(path: String) throws {
    log = try StepLog(path: path)
  }

  package func append(_ metrics: StepMetrics) throws { try log.append(metrics.json) }

  /// Cuts off what comes after a step, a line that was cut short by a kill with it.
  package func cutBack(to step: Int) throws { try log.cutBack(to: step) }
}
