import Foundation

/// The lines of a gradient check: a heading, a table grouped by layer, and a verdict.
package struct GradientCheckReport {
  private var layer = ""
  private var tensors = 0
  private var comparisons: [GradientComparison] = []

  package init() {}

  /// Whether all comparisons so far agree.
  package var agrees: Bool { comparisons.allSatisfy(\.agrees) }

  /// The lines above the table.
  package static func heading(_ check: GradientCheck) -> String {
    let ranks = check.communicator.census
    let losses = check.objectives.indices.map {
      "\(check.objectives[$0]) " + String(format: "%.6f ± %.0e", check.losses[$0], check.noise[$0])
    }.joined(separator: ", ")
    let bound = String(format: "%.0e", GradientComparison.bound)
    return """
      Gradients of the first batch (\(check.rows) rows, \(ranks), margin \(check.margin)) against central differences of
      the losses: \(losses) by single precision's rounding.
      Each number is a slope along a direction of length one: an element, all elements with random signs, the gradient.
      A relative difference of \(bound) passes, and any difference within ±, what rounding leaves uncertain of a quotient.
      Where a ReLU, or the nearest of several prototypes, changes sides within a step it bends the loss, and the step is
      made shorter: ± grows.

      \(row(["", "objective", "gradient", "difference quotient", "±", "relative"]))
      """
  }

  /// The lines of a tensor, under the name of its layer where that is a new one.
  package mutating func add(_ tensor: [GradientComparison]) -> String {
    tensors += 1
    comparisons += tensor
    var lines: [String] = []
    for one in tensor {
      let name = one.tensor.name
      let end = name.lastIndex(of: ".") ?? name.startIndex
      if name[..<end] != layer {
        layer = String(name[..<end])
        lines.append(layer)
      }
      let numbers = [
        String(format: "%.4e", one.analytic), String(format: "%.4e", one.numeric),
        String(format: "%.0e", one.uncertainty),
        String(format: "%.1e", one.relativeDifference),
      ]
      let line = Self.row(["  \(name[end...].dropFirst()) \(one.place)", one.objective] + numbers)
      lines.append(one.isClose ? line : line + (one.agrees ? "  within ±" : "  differs"))
    }
    return lines.joined(separator: "\n")
  }

  /// The worst comparison and the verdict.
  package var summary: String {
    let differing = comparisons.count { !$0.agrees }
    let close = comparisons.count(where: \.isClose)
    // A comparison whose excess is not a number is the worst of all.
    let worst = comparisons.max {
      ($0.excess.isNaN ? .infinity : $0.excess) < ($1.excess.isNaN ? .infinity : $1.excess)
    }
    let place = worst.map {
      "\($0.tensor.name) \($0.place), \($0.objective): "
        + String(format: "%.1e of %.4e, ± %.0e", $0.relativeDifference, $0.numeric, $0.uncertainty)
    }
    let verdict = differing == 0 ? "the gradients agree with the losses" : "the gradients differ from the losses"
    return """

      \(comparisons.count.counted("comparison")) in \(tensors.counted("tensor")): \(close) within the bound, \
      \(comparisons.count - close - differing) more within ±, \(differing) differ
      the worst: \(place ?? "none")
      \(verdict)
      """
  }

  private static func row(_ fields: [String]) -> String {
    // The lines appear one by one, before the widths of all fields are known.
    TextTable(leftColumns: 2, gap: 0).line(fields, widths: [32, 14, 13, 21, 8, 10])
  }
}
