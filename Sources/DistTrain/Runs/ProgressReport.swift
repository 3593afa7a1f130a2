import Foundation

/// Shows how training goes: a bar that is overwritten at each step on a terminal, and a line every `everySteps` steps
/// elsewhere.
///
/// A missing reader is no reason to stop training: once the reader is gone, nothing more is written, as long as SIGPIPE
/// does not end the process (`StandardError.outliveFailedWrites`). A line that a full disk does not take is left out,
/// and the next one is tried.
package final class ProgressReport {
  private let steps: Int
  private let everySteps: Int
  private let descriptor: Int32
  private let isTerminal: Bool
  private var rate = StepRate()
  private var isBroken = false
  /// Whether the last line was written only in part.
  private var isTorn = false
  private var barIsShown = false

  /// - Parameters:
  ///   - steps: the run's last step.
  ///   - everySteps: the number of steps between plain lines.
  ///   - isTerminal: whether somebody watches; nil asks the system about standard output.
  package init(steps: Int, everySteps: Int, descriptor: Int32 = STDOUT_FILENO, isTerminal: Bool? = nil) {
    self.steps = steps
    self.everySteps = max(everySteps, 1)
    self.descriptor = descriptor
    self.isTerminal = isTerminal ?? Terminal.isWatched
  }

  /// Shows the state after a step. To be called after each step.
  package func report(_ metrics: StepMetrics) {
    rate.add(seconds: metrics.totalSeconds)
    let secondsLeft = rate.secondsPerStep.map { $0 * Double(max(0, steps - metrics.step)) }
    let line = ProgressLine(metrics: metrics, steps: steps, secondsLeft: secondsLeft)
    if isTerminal {
      write("\r\(line.bar(columns: columns - 1))\u{1B}[K")
      barIsShown = true
    } else if metrics.step % everySteps == 0 || metrics.step == steps {
      write(line.text + "\n")
    }
  }

  /// Writes a line of its own, above the bar if there is one.
  package func note(_ text: String) {
    write((isTerminal && barIsShown ? "\r\u{1B}[K" : "") + text + "\n")
    barIsShown = false
  }

  /// Leaves the bar in place and goes to the next line.
  package func finish() {
    if barIsShown { write("\n") }
    barIsShown = false
  }

  private var columns: Int {
    var size = winsize()
    return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  private func write(_ text: String) {
    guard !isBroken else { return }
    let bytes = Array(((isTorn ? "\n" : "") + text).utf8)
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        isBroken = ![ENOSPC, EDQUOT].contains(errno)
        if rest.count < bytes.count { isTorn = true }
        return
      }
      rest = rest.dropFirst(written)
    }
    isTorn = false
  }
}

extension ProgressReport: StepObserver {
  package func took(_ step: StepReport, note: (String) -> Void) { report(step.metrics) }
}

/// The terminal that standard output and standard error may be.
package enum Terminal {
  /// Whether somebody watches standard output.
  package static var isWatched: Bool { isWatched(STDOUT_FILENO) }

  /// Whether somebody watches standard output or standard error. An mpirun gives its ranks a terminal of their own, or
  /// pipes, and passes on what they write, so there the output of the launcher counts, which is a process on its host.
  package static func isWatched(_ stream: Int32) -> Bool {
    guard let launcher else { return isatty(stream) == 1 }
    let descriptor = open("/proc/\(launcher)/fd/\(stream)", O_WRONLY | O_NOCTTY)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return isatty(descriptor) == 1
  }

  /// The process that started this one on its host: Open MPI's mpirun is its parent, MPICH's the parent of a helper
  /// (hydra_pmi_proxy) that is. nil under another launcher and without one.
  private static var launcher: Int32? {
    switch JobLauncher(ProcessInfo.processInfo.environment) {
    case .openMPI: getppid()
    case .hydra: ProcessStatus(of: getppid())?.parent
    default: nil
    }
  }
}
