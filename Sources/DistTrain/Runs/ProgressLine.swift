import Foundation

/// The state of a training in words.
package struct ProgressLine: Sendable {
  package var metrics: StepMetrics
  /// The run's last step.
  package var steps: Int
  /// The seconds until the last step; nil if they cannot be estimated yet.
  package var secondsLeft: Double?

  package init(metrics: StepMetrics, steps: Int, secondsLeft: Double?) {
    self.metrics = metrics
    self.steps = steps
    self.secondsLeft = secondsLeft
  }

  /// The parts of a line that go where it is too long, the first one first.
  private enum Part: Int, CaseIterable, Comparable {
    case epoch, learningRate, stage, rate, weights, losses, timeLeft, step

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  /// A line such as `step 100/600  epoch 2  classification 6.123  contrastive 3.210  α 0.412  lr 1.2e-3  32.1
  /// utterances/s  45 s left`. Numbers that do not apply are left out.
  package var text: String { text(from: .epoch, isShort: false) }

  /// A line without the parts that go before one.
  /// - Parameter isShort: whether its words are cut.
  private func text(from least: Part, isShort: Bool) -> String {
    parts(isShort: isShort).filter { $0.part >= least }.map(\.text).joined(separator: "  ")
  }

  private func parts(isShort: Bool) -> [(part: Part, text: String)] {
    let step = String(metrics.step)
    let padding = String(repeating: " ", count: max(0, String(steps).count - step.count))
    var parts: [(Part, String)] = [(.step, "step \(padding)\(step)/\(steps)")]
    if let stage = metrics.stage { parts.append((.stage, "stage \(stage)")) }
    parts.append((.epoch, "epoch \(metrics.epoch)"))
    parts += metrics.objectives.map {
      (.losses, "\(isShort ? String($0.name.prefix(5)) : $0.name) \(Self.decimals($0.loss, 3))")
    }
    if metrics.objectives.count == 2 {
      if !metrics.alpha.isNaN { parts.append((.weights, "α \(Self.decimals(metrics.alpha, 3))")) }
    } else if metrics.objectives.count > 2 {
      parts.append(
        (.weights, "weights " + metrics.objectives.map { Self.decimals($0.weight, 3) }.joined(separator: " ")))
    }
    if !metrics.learningRate.isNaN { parts.append((.learningRate, "lr \(Self.scientific(metrics.learningRate))")) }
    if metrics.utterancesPerSecond.isFinite {
      parts.append((.rate, "\(Self.decimals(metrics.utterancesPerSecond, 1)) \(isShort ? "utt" : "utterances")/s"))
    }
    if let secondsLeft { parts.append((.timeLeft, "\(TimeWords.about(secondsLeft)) left")) }
    return parts
  }

  /// A line of at most `columns` columns, with a bar before the words: `[####      ]  40 %  step …`. Where it is too long,
  /// the bar, words and numbers are cut, and the time left goes last.
  package func bar(columns: Int) -> String {
    let bars = [(20, false), (10, false), (10, true)].map { bar(cells: $0) + text(from: .epoch, isShort: $1) }
    let lines = bars + Part.allCases.map { bar(cells: 0) + text(from: $0, isShort: true) }
    let line = lines.first { $0.count <= columns } ?? text(from: .step, isShort: true)
    return String(line.prefix(max(columns, 0)))
  }

  /// The share of the steps that are done, as a bar of so many cells and in percent.
  private func bar(cells: Int) -> String {
    let share = steps > 0 ? min(max(Double(metrics.step) / Double(steps), 0), 1) : 1
    let full = Int(share * Double(cells))
    let percent = String(Int(share * 100))
    let bar = "[\(String(repeating: "#", count: full))\(String(repeating: " ", count: cells - full))] "
    return "\(cells > 0 ? bar : "")\(String(repeating: " ", count: 3 - percent.count))\(percent) %  "
  }

  private static func decimals(_ value: Double, _ places: Int) -> String {
    value.isNaN ? "nan" : String(format: "%.\(places)f", value)
  }

  /// Two digits and a power of ten without plus sign or leading zeros, such as `1.2e-3`.
  private static func scientific(_ value: Double) -> String {
    let parts = String(format: "%.1e", value).split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return "\(value)" }
    return "\(parts[0])e\(exponent)"
  }
}
