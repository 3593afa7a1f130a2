import Foundation

/// `timeline.json`: what every rank did during some steps, as Chrome's tracing and Perfetto show it (the Trace Event
/// Format's complete events, in microseconds; a process is a rank).
package final class StepTimeline {
  /// The steps to record, counted from 1.
  private let steps: ClosedRange<Int>
  private let path: String
  private let communicator: any Communicator
  /// This rank's times, in the order of the steps; nil once they are written.
  private var times: [SectionTime]? = []

  /// - Parameters:
  ///   - steps: the steps to record, counted from 1.
  package init(path: String, steps: ClosedRange<Int>, communicator: any Communicator) {
    (self.path, self.steps, self.communicator) = (path, steps, communicator)
  }

  /// A line about steps that the run does not take any more, as when it resumes; nil where it takes all of them.
  /// - Parameters:
  ///   - done: the number of steps done.
  ///   - last: the run's last step.
  package func remark(after done: Int, last: Int) -> String? {
    guard steps.upperBound > last || steps.lowerBound <= done else { return nil }
    let left = done < last ? "this start takes steps \(done + 1) to \(last)" : "no step is left to take"
    return "warning: --timeline \(steps.lowerBound)-\(steps.upperBound): \(left)"
  }

  private func add(_ step: StepReport, note: (String) -> Void) {
    guard steps.contains(step.metrics.step), let known = times else { return }
    // Where training went back, its steps are taken again.
    times = known.filter { $0.step < step.metrics.step } + step.sections
    if step.metrics.step == steps.upperBound { finish(note: note) }
  }

  /// Writes the steps that were recorded, unless there are none, or they are written. All ranks call this together.
  package func finish(note: (String) -> Void) {
    guard let known = times, let first = known.first, let last = known.last else { return }
    times = nil
    let texts = communicator.gather(events(known))
    guard communicator.rank == 0 else { return }
    do {
      let text = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n\(texts.joined(separator: ",\n"))\n]}\n"
      try AtomicFile.write(Array(text.utf8), to: path)
      note("note: \(path) has steps \(first.step) to \(last.step) of all ranks: open it in ui.perfetto.dev")
    } catch {
      note("warning: the timeline cannot be written: \(error)")
    }
  }

  /// This rank's events. Clocks of hosts begin anywhere, so all ranks count from a moment at which they met.
  private func events(_ times: [SectionTime]) -> String {
    _ = communicator.maximum(0)
    let end = monotonicSeconds()
    let longest = communicator.maximum(times.first.map { end - $0.began } ?? 0)
    let rank = communicator.rank
    let name = JSONText.quoted("rank \(rank) on \(communicator.hosts[rank])")
    let head = "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":\(rank),\"args\":{\"name\":\(name)}}"
    return
      ([head]
      + times.map { time in
        let start = Self.microseconds(time.began - end + longest)
        return "{\"name\":\"\(time.section)\",\"cat\":\"step\",\"ph\":\"X\",\"pid\":\(rank),\"tid\":0,\"ts\":\(start),"
          + "\"dur\":\(Self.microseconds(time.ended - time.began)),\"args\":{\"step\":\(time.step)}}"
      }).joined(separator: ",\n")
  }

  private static func microseconds(_ seconds: Double) -> String { String(format: "%.1f", seconds * 1e6) }
}

extension StepTimeline: StepObserver {
  package func took(_ step: StepReport, note: (String) -> Void) { add(step, note: note) }

  package func skipped(_ step: StepReport, note: (String) -> Void) { add(step, note: note) }
}
