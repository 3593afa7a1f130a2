import Foundation

/// `metrics.jsonl`: one line for each step.
package final class MetricsLog: Sendable {
  private let log: StepLog
  package var path: String { log.path }

  /// Opens the log to continue at its end, or begins it.
  package init(path: String) throws {
    log = try StepLog(path: path)
  }

  /// Whether the file at a path is the log of a run.
  static func origin(of path: String) throws -> LogOrigin {
    try LogOrigin(of: path, beginning: "{\"step\":") { line in
      // Other programs' lines may have steps and losses too.
      let metrics = try? JSONDecoder().decode(StepMetrics.self, from: line)
      return metrics.map { !$0.objectives.isEmpty && $0.utterancesPerSecond.isFinite } ?? false
    }
  }

  /// Writes the step's line, after those that could not be written before.
  ///
  /// - Returns: whether the file had been removed, so that it begins with these lines.
  /// - Throws: `Failure(.failed)` with the system's reason where the log does not hold this line now.
  @discardableResult
  package func append(_ metrics: StepMetrics) throws -> Bool { try log.append(metrics.json) }

  /// Whether lines wait because they could not be written.
  package var isBehind: Bool { log.isBehind }

  /// Writes the lines that wait, and returns once all lines are on disk.
  ///
  /// - Throws: `Failure(.failed)` with the system's reason where some are not.
  package func sync() throws { try log.sync() }

  /// The seconds that the run had taken at the last step of the log; 0 where none says it.
  package func elapsedSeconds() throws -> Double {
    let file = try InputFile(path: path)
    let tail = min(file.bytes, 1 << 16)
    let lines = try file.read(at: file.bytes - tail, count: tail).split(separator: UInt8(ascii: "\n"))
    let last = lines.last.flatMap { try? JSONDecoder().decode(StepMetrics.self, from: Data($0)) }
    return last.map { $0.elapsedSeconds.isFinite ? $0.elapsedSeconds : 0 } ?? 0
  }

  /// Cuts off the lines after a step, including a line that a kill cut short.
  package func cutBack(to step: Int) throws { try log.cutBack(to: step) }
}

extension MetricsLog: StepObserver {
  package func took(_ step: StepReport, note: (String) -> Void) {
    do {
      if try append(step.metrics) {
        note("warning: \(path) was removed while it was in use: it begins anew with step \(step.metrics.step)")
      }
    } catch {
      note("warning: the step is not in the log: \(error)")
    }
  }

  package func skipped(_ step: StepReport, note: (String) -> Void) { took(step, note: note) }

  package func wentBack(to step: Int) throws { try cutBack(to: step) }
}
