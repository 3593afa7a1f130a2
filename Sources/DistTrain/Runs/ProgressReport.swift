import Foundation

/// Shows how training goes: a bar that is overwritten at each step on a terminal, and elsewhere a line, or a JSON
/// object, every `everySteps` steps. A remark that was made before is counted, and its count is shown at the end.
package final class ProgressReport {
  private let steps: Int
  private let everySteps: Int
  private let display: RunDisplay
  private let output: ReportOutput
  /// Takes the warnings of a quiet run.
  private let errors: ReportOutput
  private let hasBar: Bool
  private var rate = StepRate()
  private var barIsShown = false
  private var repeated = RepeatedRemarks()

  /// - Parameters:
  ///   - steps: the run's last step.
  ///   - everySteps: the number of steps between plain lines.
  ///   - isTerminal: whether somebody watches; nil asks the system about standard output.
  package init(
    steps: Int, everySteps: Int, display: RunDisplay = RunDisplay(), descriptor: Int32 = STDOUT_FILENO,
    errors: Int32 = STDERR_FILENO, isTerminal: Bool? = nil
  ) {
    self.steps = steps
    self.everySteps = max(everySteps, 1)
    self.display = display
    output = ReportOutput(descriptor)
    self.errors = ReportOutput(errors)
    hasBar = display.showsProgress && (isTerminal ?? Terminal.isWatched)
  }

  /// Shows the settings that differ from the defaults.
  /// - Parameter machine: what the run has to compute on.
  package func introduce(_ configuration: Configuration, machine: String) {
    let differing = configuration.differingYAML
    tell(
      "settings that differ from the defaults (svdist config has all):\n\(differing)\n\(machine)",
      .settings(differing, machine: machine))
  }

  /// Shows the state after a step. To be called after each step.
  package func report(_ metrics: StepMetrics) {
    rate.add(seconds: metrics.totalSeconds)
    let secondsLeft = rate.secondsPerStep.map { $0 * Double(max(0, steps - metrics.step)) }
    let line = ProgressLine(metrics: metrics, steps: steps, secondsLeft: secondsLeft)
    if hasBar {
      output.write("\r\(line.bar(columns: output.columns - 1))\u{1B}[K")
      barIsShown = true
    } else if metrics.step % everySteps == 0 || metrics.step == steps {
      tell(line.text, .step(metrics, steps: steps, secondsLeft: secondsLeft))
    }
  }

  /// Shows what the evaluation of a set after a step found.
  func show(_ metrics: DetectionMetrics, of set: HeldOutSet, step: Int) {
    let line = "step \(step)/\(steps)  \(set.title) \(metrics.summary)"
    tell(line, .evaluation(metrics, set: set.name, text: line, step: step, steps: steps))
  }

  /// Shows a line of its own, above the bar if there is one, unless it was shown before.
  package func note(_ text: String) {
    let remark = Remark(text)
    if repeated.isNew(remark) { show(remark) }
  }

  /// Shows how often remarks were repeated, and then how the run came to its end, which a quiet one tells too.
  /// - Parameters:
  ///   - text: the last line.
  ///   - folder: the run folder.
  package func end(_ ending: TrainingLoop.Ending, _ text: String, step: Int, folder: String) {
    showCounts()
    write(text, .end(ending, text: text, step: step, folder: folder))
  }

  /// Shows how often remarks were repeated, leaves the bar in place and goes to the next line.
  package func finish() {
    showCounts()
    if barIsShown { output.write("\n") }
    barIsShown = false
  }

  private func showCounts() {
    for remark in repeated.takeCounts() { show(remark) }
  }

  private func show(_ remark: Remark) {
    if display.isQuiet, remark.kind == .warning { errors.write(remark.line + "\n") }
    tell(remark.line, .remark(remark))
  }

  /// Writes what only a run that is not quiet tells.
  private func tell(_ line: String, _ event: RunEvent) {
    if !display.isQuiet { write(line, event) }
  }

  /// Writes a line for people above the bar if there is one, or the event for programs.
  private func write(_ line: String, _ event: RunEvent) {
    switch display.format {
    case .text: output.write((barIsShown ? "\r\u{1B}[K" : "") + line + "\n")
    case .json: output.write(event.json + "\n")
    }
    barIsShown = false
  }
}

extension ProgressReport: StepObserver {
  package func took(_ step: StepReport, note: (String) -> Void) { report(step.metrics) }
}
