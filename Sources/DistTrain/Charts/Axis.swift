import Foundation

extension Chart {
  /// An axis from one value to another.
  struct Axis {
    let title: String
    let range: ClosedRange<Double>
    /// The values that are marked, within the range, and their labels.
    let ticks: [(value: Double, label: String)]
  }
}

extension Chart.Axis {
  /// An axis over a range of numbers with about six marks at round ones.
  init(title: String, over range: ClosedRange<Double>) {
    self.init(title: title, over: range) { String(format: "%g", $0) }
  }

  /// - Parameters:
  ///   - most: the largest number of marks, less one.
  ///   - label: the text of a mark.
  init(title: String, over range: ClosedRange<Double>, most: Double = 7, label: (Double) -> String) {
    let span = max(range.upperBound - range.lowerBound, .leastNormalMagnitude)
    let power = pow(10, (log10(span / (most - 1))).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { span / $0 <= most } ?? span
    let first = Int((range.lowerBound / step).rounded(.up))
    let last = Int((range.upperBound / step).rounded(.down))
    self.init(
      title: title, range: range,
      ticks: (first...max(first, last)).map { (Double($0) * step, label(Double($0) * step)) })
  }

  /// An axis over numbers with some room on both sides, however near or far they are.
  init(holding values: [Double], title: String = "", most: Double = 6) {
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    // Steps of marks are counted in whole numbers from 0 on.
    let largest = max(abs(low), abs(high))
    let room = high > low ? max(0.05 * (high - low), 0.005 * largest) : 0.25 * largest
    let floor = low >= 0 && low - room < 0 ? 0 : low - room
    let ceiling = room < 1e-12 ? 1 : high + room
    self.init(title: title, over: floor...ceiling, most: most) { String(format: "%g", $0) }
  }

  /// An axis of the steps of a training.
  init(steps: ClosedRange<Int>) {
    let low = Double(steps.lowerBound)
    let high = max(Double(steps.upperBound), low + 1)
    self.init(title: "step", over: low...high, most: 6) { value in
      if value >= 1e6 { return String(format: "%gM", value / 1e6) }
      return value >= 1e4 ? String(format: "%gk", value / 1e3) : String(format: "%g", value)
    }
  }

  /// The same axis for a drawing above another one that has its labels.
  var withoutLabels: Self { Self(title: "", range: range, ticks: ticks.map { ($0.value, "") }) }
}
