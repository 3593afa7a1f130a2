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

  /// A line such as `step 100/600  epoch 2  classification 6.123  contrastive 3.210  α 0.412  lr 1.2e-3  32.1
  /// utterances/s  45 s left`. Numbers that do not apply are left out.
  package var text: String {
    let step = String(metrics.step)
    let padding = String(repeating: " ", count: max(0, String(steps).count - step.count))
    var parts = ["step \(padding)\(step)/\(steps)"]
    if let stage = metrics.stage { parts.append("stage \(stage)") }
    parts.append("epoch \(metrics.epoch)")
    parts += metrics.objectives.map { "\($0.name) \(Self.decimals($0.loss, 3))" }
    if metrics.objectives.count == 2 {
      if !metrics.alpha.isNaN { parts.append("α \(Self.decimals(metrics.alpha, 3))") }
    } else if metrics.objectives.count > 2 {
      parts.append("weights " + metrics.objectives.map { Self.decimals($0.weight, 3) }.joined(separator: " "))
    }
    if !metrics.learningRate.isNaN { parts.append("lr \(Self.scientific(metrics.learningRate))") }
    if metrics.utterancesPerSecond.isFinite {
      parts.append("\(Self.decimals(metrics.utterancesPerSecond, 1)) utterances/s")
    }
    if let secondsLeft { parts.append("\(Self.duration(secondsLeft)) left") }
    return parts.joined(separator: "  ")
  }

  /// A line cut to `columns` columns, with a bar before the words: `[####      ]  40 %  step …`.
  package func bar(columns: Int) -> String {
    let cells = 20
    let share = steps > 0 ? min(max(Double(metrics.step) / Double(steps), 0), 1) : 1
    let full = Int(share * Double(cells))
    let percent = String(Int(share * 100))
    let bar = String(repeating: "#", count: full) + String(repeating: " ", count: cells - full)
    let line = "[\(bar)] \(String(repeating: " ", count: 3 - percent.count))\(percent) %  \(text)"
    return String(line.prefix(max(columns, 0)))
  }

  /// A duration such as `45 s`, `2 min 10 s`, `1 h 04 min` or `3 d 2 h`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let total = Int(max(seconds, 0).rounded(.up))
    let (minutes, hours, days) = (total / 60, total / 3600, total / 86400)
    if minutes == 0 { return "\(total) s" }
    if hours == 0 { return "\(minutes) min \(padded(total % 60)) s" }
    if days == 0 { return "\(hours) h \(padded(minutes % 60)) min" }
    return "\(days) d \(hours % 24) h"
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

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
