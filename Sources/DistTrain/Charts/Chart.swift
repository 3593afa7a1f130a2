import Foundation

/// Curves over two axes, drawn as SVG without scripts or foreign fonts.
struct Chart {
  /// An axis from one value to another.
  struct Axis {
    let title: String
    let range: ClosedRange<Double>
    /// The values that are marked, within the range, and their labels.
    let ticks: [(value: Double, label: String)]
  }

  /// A curve of straight pieces; values outside of the axes are moved to their ends.
  struct Curve {
    let name: String
    let points: [(x: Double, y: Double)]
    let colour: Colour
    var isDashed = false
    /// Whether the area down to the lower end of the axis is filled too.
    var isFilled = false
  }

  /// Colours that people with any colour vision tell apart (Okabe and Ito 2008).
  enum Colour: String {
    case blue = "#0072B2"
    case orange = "#D55E00"
    case grey = "#777777"
  }

  let title: String
  let horizontal: Axis
  let vertical: Axis
  let curves: [Curve]

  private static let width = 640.0
  private static let height = 480.0
  /// The corners of the area between the axes.
  private static let area = (left: 76.0, top: 48.0, right: 616.0, bottom: 416.0)

  /// The drawing as the text of a file.
  var svg: String {
    let size = "\(Int(Self.width)) \(Int(Self.height))"
    let head =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(size)\" font-family=\"sans-serif\" font-size=\"13\" "
      + "role=\"img\" aria-label=\"\(Self.escaped(title))\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    return head + heading + grid + curves.map(drawing).joined() + legend + "</svg>\n"
  }

  private var heading: String {
    let middle = (Self.area.left + Self.area.right) / 2
    let centre = (Self.area.top + Self.area.bottom) / 2
    return Self.text(title, x: middle, y: 28, anchor: "middle", more: " font-size=\"16\"")
      + Self.text(horizontal.title, x: middle, y: 460, anchor: "middle")
      + Self.text(
        vertical.title, x: 22, y: centre, anchor: "middle", more: " transform=\"rotate(-90 22 \(Self.number(centre)))\""
      )
  }

  private var grid: String {
    let area = Self.area
    let columns = horizontal.ticks.map { tick in
      let x = self.x(tick.value)
      return Self.line((x, area.top), (x, area.bottom))
        + Self.text(tick.label, x: x, y: area.bottom + 20, anchor: "middle")
    }
    let rows = vertical.ticks.map { tick in
      let y = self.y(tick.value)
      return Self.line((area.left, y), (area.right, y))
        + Self.text(tick.label, x: area.left - 8, y: y + 4, anchor: "end")
    }
    return (columns + rows).joined()
  }

  private func drawing(_ curve: Curve) -> String {
    let points = curve.points.map { "\(Self.number(x($0.x))),\(Self.number(y($0.y)))" }.joined(separator: " ")
    let dashes = curve.isDashed ? " stroke-dasharray=\"6 4\"" : ""
    let line =
      "<polyline points=\"\(points)\" fill=\"none\" stroke=\"\(curve.colour.rawValue)\" stroke-width=\"2\"\(dashes)/>\n"
    guard curve.isFilled, let first = curve.points.first, let last = curve.points.last else { return line }
    let bottom = Self.number(Self.area.bottom)
    let corners = "\(Self.number(x(last.x))),\(bottom) \(Self.number(x(first.x))),\(bottom)"
    return "<polygon points=\"\(points) \(corners)\" fill=\"\(curve.colour.rawValue)\" fill-opacity=\"0.25\"/>\n" + line
  }

  private var legend: String {
    curves.enumerated().map { index, curve in
      let y = Self.area.top + 18 + 20 * Double(index)
      return
        "<rect x=\"\(Self.number(Self.area.right - 190))\" y=\"\(Self.number(y - 10))\" width=\"14\" height=\"10\" "
        + "fill=\"\(curve.colour.rawValue)\"/>\n"
        + Self.text(curve.name, x: Self.area.right - 170, y: y, anchor: "start")
    }.joined()
  }

  private func x(_ value: Double) -> Double {
    Self.area.left + Self.share(value, horizontal.range) * (Self.area.right - Self.area.left)
  }

  private func y(_ value: Double) -> Double {
    Self.area.bottom - Self.share(value, vertical.range) * (Self.area.bottom - Self.area.top)
  }

  private static func share(_ value: Double, _ range: ClosedRange<Double>) -> Double {
    (min(max(value, range.lowerBound), range.upperBound) - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  private static func number(_ value: Double) -> String { String(format: "%.2f", value) }

  private static func line(_ from: (Double, Double), _ to: (Double, Double)) -> String {
    "<line x1=\"\(number(from.0))\" y1=\"\(number(from.1))\" x2=\"\(number(to.0))\" y2=\"\(number(to.1))\" "
      + "stroke=\"#ddd\"/>\n"
  }

  private static func text(_ text: String, x: Double, y: Double, anchor: String, more: String = "") -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\" fill=\"#222\"\(more)>\(escaped(text))</text>\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}

extension Chart.Axis {
  /// An axis over a range of numbers with about six marks at round ones.
  init(title: String, over range: ClosedRange<Double>) {
    let span = max(range.upperBound - range.lowerBound, .leastNormalMagnitude)
    let power = pow(10, (log10(span / 6)).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { span / $0 <= 7 } ?? span
    let first = Int((range.lowerBound / step).rounded(.up))
    let last = Int((range.upperBound / step).rounded(.down))
    self.init(
      title: title, range: range,
      ticks: (first...max(first, last)).map { (Double($0) * step, String(format: "%g", Double($0) * step)) })
  }
}
