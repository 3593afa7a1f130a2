import Foundation

/// `ranks.jsonl`: where each rank's time went, in a line for each stretch of steps.
///
/// Ranks wait for one another in every sum, so one slow host costs all of them, while the time in communication grows
/// on all but the slow one. The first time that a rank is much slower than the others, it is named with its host.
package final class RankLog {
  /// The sections that a line has, with their names in it.
  private static let sections: [(name: String, seconds: @Sendable (StepMetrics) -> Double)] = [
    ("loadSeconds", { $0.loadSeconds }), ("computeSeconds", { $0.forwardSeconds + $0.backwardSeconds }),
    ("communicateSeconds", { $0.communicateSeconds }),
  ]
  /// The number of steps of a stretch.
  package static let stretch = 100
  /// The ratio to the time of the median rank from which on a rank is slow.
  private static let slow = 1.2
  /// The fewest steps that tell a slow rank from the beginning of a run.
  private static let least = 50

  /// The log of rank 0; nil on other ranks, and where it could not be opened.
  private var log: StepLog?
  private let communicator: any Communicator
  /// Gives the number of rows that each rank has of a batch.
  private let rows: () -> [Int]
  private let last: Int
  /// The step before the next one.
  private var step: Int
  private var sums: [Double] = []
  /// The number of rows that each rank had in the steps of the sums.
  private var rowsSoFar: [Int] = []
  private var steps = 0
  private var named: Set<Int> = []

  /// Opens the log to continue after a step, or begins it. Training goes on without it where that fails.
  /// - Parameters:
  ///   - last: the run's last step, with which a stretch ends.
  ///   - rows: gives the number of rows that each rank has of a batch.
  package init(
    path: String, after step: Int, last: Int, communicator: any Communicator, rows: @escaping () -> [Int],
    note: (String) -> Void
  ) {
    self.communicator = communicator
    self.rows = rows
    self.last = last
    self.step = step
    do {
      log = communicator.rank == 0 ? try StepLog(path: path) : nil
      try log?.cutBack(to: step)
    } catch {
      note("warning: the ranks' times are not in the log: \(error)")
    }
    begin()
  }

  /// Begins a stretch.
  private func begin() {
    sums = Self.sections.map { _ in 0 }
    rowsSoFar = communicator.hosts.map { _ in 0 }
    steps = 0
  }

  private func add(_ metrics: StepMetrics, note: (String) -> Void) {
    // Where training went back, its steps are taken again.
    if metrics.step != step + 1 { begin() }
    step = metrics.step
    for (index, section) in Self.sections.enumerated() { sums[index] += section.seconds(metrics) }
    for (rank, count) in rows().enumerated() { rowsSoFar[rank] += count }
    steps += 1
    if metrics.step % Self.stretch == 0 || metrics.step == last { finish(note: note) }
  }

  /// Ends a stretch, if there are steps in it. All ranks call this together.
  package func finish(note: (String) -> Void) {
    guard steps > 0 else { return }
    let width = sums.count
    let all = communicator.gather(sums, counts: communicator.hosts.map { _ in width })
    let times = (0..<width).map { section in stride(from: section, to: all.count, by: width).map { all[$0] } }
    write(times, note: note)
    nameSlow(times, note: note)
    begin()
  }

  private func write(_ times: [[Double]], note: (String) -> Void) {
    let members = zip(Self.sections, times).map { section, seconds in
      "\"\(section.name)\":[\(seconds.map { JSONText.number(($0 * 1000).rounded() / 1000) }.joined(separator: ","))]"
    }
    let hosts = communicator.hosts.map { JSONText.quoted($0) }.joined(separator: ",")
    do {
      try log?.append(
        "{\"step\":\(step),\"steps\":\(steps),\"hosts\":[\(hosts)],\(members.joined(separator: ","))}")
    } catch {
      note("warning: the ranks' times are not in the log: \(error)")
    }
  }

  /// Names ranks that took much longer for a row than the median of the others.
  private func nameSlow(_ times: [[Double]], note: (String) -> Void) {
    guard steps >= Self.least else { return }
    let busy = rowsSoFar.indices.map { (times[0][$0] + times[1][$0]) / Double(max(rowsSoFar[$0], 1)) }
    for rank in busy.indices where !named.contains(rank) {
      let others = busy.enumerated().filter { $0.offset != rank }.map(\.element).sorted()
      guard !others.isEmpty else { continue }
      let median = others[others.count / 2]
      guard busy[rank] > Self.slow * median else { continue }
      named.insert(rank)
      let percent = Int((100 * (busy[rank] / median - 1)).rounded())
      let loads = times[0][rank] > times[1][rank]
      note(
        "note: rank \(rank) on \(communicator.hosts[rank]) took \(percent) % longer for a row than the others in the "
          + "last \(steps) steps, most of it \(loads ? "waiting for recordings" : "computing"): they waited for it")
    }
  }
}

extension RankLog: StepObserver {
  package func took(_ step: StepReport, note: (String) -> Void) { add(step.metrics, note: note) }

  package func skipped(_ step: StepReport, note: (String) -> Void) { add(step.metrics, note: note) }

  package func wentBack(to step: Int) throws { try log?.cutBack(to: step) }
}
