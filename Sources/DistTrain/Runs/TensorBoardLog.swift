import Foundation

/// A file for TensorBoard in the run folder, a new one for each start of the run.
///
/// Its tags are those of `metrics.jsonl` behind a group, such as `loss/classificationLoss`, and `evaluation/EER`. A
/// start first says from which step on it takes steps, perhaps again; TensorBoard then forgets what earlier files have of
/// these.
package final class TensorBoardLog {
  private let log: StepLog

  /// Opens a file behind those of earlier starts.
  package init(_ folder: RunFolder, _ configuration: Configuration, after step: Int) throws {
    log = try StepLog(path: Self.path(in: folder.path, now: Int(Self.now)))
    // What says which settings a start has comes with its first step, and is forgotten with that.
    try write([
      .version(time: Self.now), .start(time: Self.now, step: step + 1),
      TensorBoardEvent(
        time: Self.now, step: step + 1,
        [
          .text("configuration", Self.quoted(configuration.yaml)),
          .settings(Self.settings(configuration), began: Self.now),
        ]),
    ])
  }

  private static var now: Double { Date().timeIntervalSince1970 }

  /// TensorBoard takes a run's files in the order of their names, so that each has a later second than those before,
  /// whatever the clock says.
  private static func path(in folder: String, now: Int) throws -> String {
    let seconds = try names(in: folder).compactMap { Int($0.dropFirst(prefix.count).prefix { $0 != "." }) }
    // With ten digits each, names are in the order of the seconds.
    let last = seconds.filter { $0 < 9_999_999_999 }.max() ?? 0
    return "\(folder)/\(prefix)\(max(now, last + 1)).\(hostName().filter { $0 != "/" }).svdist"
  }

  private static let prefix = "events.out.tfevents."

  /// The names of a run's files.
  package static func names(in folder: String) throws -> [String] {
    try FileSystem.names(in: folder).filter { $0.hasPrefix(prefix) && $0.hasSuffix(".svdist") }
  }

  private func write(_ events: [TensorBoardEvent]) throws { try log.append(bytes: events.flatMap(\.record)) }

  /// The settings as a block of Markdown.
  private static func quoted(_ yaml: String) -> String {
    yaml.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n")
  }

  private static func settings(_ configuration: Configuration) -> [(key: String, value: TensorBoardEvent.Setting)] {
    configuration.listed.map { key, text in
      if text == "true" || text == "false" { return (key, .truth(text == "true")) }
      return (key, Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .text(text))
    }
  }
}

extension TensorBoardLog: StepObserver {
  /// The charts that TensorBoard shows a number of the log among.
  private static func group(of name: String) -> String {
    if name.hasSuffix("Loss") { return "loss" }
    if name.hasSuffix("Seconds") || name == "utterancesPerSecond" { return "time" }
    if name == "learningRate" || name == "margin" { return "schedule" }
    return name == "anchors" || name == "skipped" ? "batch" : "weighting"
  }

  package func took(_ step: StepReport, note: (String) -> Void) {
    let values = step.metrics.numbers.filter(\.value.isFinite).map { name, value in
      TensorBoardEvent.Value.scalar("\(Self.group(of: name))/\(name)", Float(value))
    }
    do {
      try write([TensorBoardEvent(time: Self.now, step: step.metrics.step, values)])
    } catch {
      note("warning: the step is not in TensorBoard's file: \(error)")
    }
  }

  package func skipped(_ step: StepReport, note: (String) -> Void) { took(step, note: note) }

  package func wentBack(to step: Int) throws { try write([.start(time: Self.now, step: step + 1)]) }
}

extension TensorBoardLog {
  /// Adds what an evaluation at a step found.
  /// - Parameter set: the name of the set, whose group is in that of evaluations; nil for that of `corpus.evaluation`.
  package func add(
    _ metrics: DetectionMetrics, _ scores: [Float], targets: [Bool], step: Int, set: String? = nil,
    note: (String) -> Void
  ) {
    let group = "evaluation" + (set.map { "/\($0)" } ?? "")
    let costs = metrics.minDCF.sorted { $0.key < $1.key }.map { prior, cost in
      TensorBoardEvent.Value.scalar("\(group)/minDCF(\(prior))", Float(cost))
    }
    let histograms = [("targetScores", true), ("nonTargetScores", false)].map { name, kind in
      let own = zip(scores, targets).filter { $0.1 == kind }.map(\.0)
      return TensorBoardEvent.Value.histogram("\(group)/\(name)", .init(cosines: own))
    }
    do {
      let all = [.scalar("\(group)/EER", Float(metrics.eer))] + costs + histograms
      try write([TensorBoardEvent(time: Self.now, step: step, all)])
    } catch {
      note(
        "warning: the evaluation\(set.map { " of \($0)" } ?? "") at step \(step) is not in TensorBoard's file: \(error)"
      )
    }
  }
}

extension TensorBoardEvent.Histogram {
  /// The number of stretches between −1 and 1, each of 1/20.
  private static let stretches = 40

  /// Of cosines, in stretches that are the same for each evaluation; of those at both ends that are empty, none is kept.
  package init(cosines: [Float]) {
    self.init()
    guard let first = cosines.min(), let last = cosines.max() else { return }
    (least, greatest) = (Double(first), Double(last))
    (sum, squares) = cosines.reduce(into: (0, 0)) { sums, cosine in
      sums.0 += Double(cosine)
      sums.1 += Double(cosine) * Double(cosine)
    }
    let half = Self.stretches / 2
    var all = [Double](repeating: 0, count: Self.stretches)
    for cosine in cosines {
      // A stretch has its upper end, and rounding may leave a cosine of 1 above it.
      let place = Int((Double(cosine) * Double(half)).rounded(.up)) + half - 1
      all[min(max(place, 0), Self.stretches - 1)] += 1
    }
    let kept = (all.firstIndex { $0 > 0 } ?? 0)...(all.lastIndex { $0 > 0 } ?? 0)
    limits = kept.map { Double($0 + 1 - half) / Double(half) }
    counts = Array(all[kept])
  }
}
