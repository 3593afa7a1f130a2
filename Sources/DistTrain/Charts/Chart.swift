import Foundation

/// Curves over two axes, drawn as SVG without scripts or foreign fonts.
struct Chart {
  /// A curve of straight pieces; values outside of the axes are moved to their ends.
  struct Curve {
    let name: String
    let points: [(x: Double, y: Double)]
    let colour: Colour
    var isDashed = false
    /// Whether the area down to the lower end of the axis is filled too.
    var isFilled = false
    /// Whether each point has a dot.
    var hasDots = false
    /// An area around the curve, from one value to another at each place.
    var band: [(x: Double, low: Double, high: Double)] = []
  }

  /// Colours that people with any colour vision tell apart (Okabe and Ito 2008). A page's style has its own shades of
  /// them.
  enum Colour: String, CaseIterable {
    case blue = "#0072B2"
    case orange = "#D55E00"
    case green = "#009E73"
    case purple = "#CC79A7"
    case amber = "#E69F00"
    case sky = "#56B4E9"
    case grey = "#777777"

    /// The colours of several things of one kind, in their order.
    static let distinct = allCases.filter { $0 != .grey }
  }

  let title: String
  let horizontal: Axis
  let vertical: Axis
  let curves: [Curve]
  var frame = Frame.file
  var marks: [Mark] = []

  private var area: Frame.Area { frame.area }
  private var ink: Ink { frame.ink }

  /// The drawing as the text of a file, or as a part of a page, which has title and legend of its own.
  var svg: String {
    let size = "\(Int(frame.width)) \(Int(frame.height))"
    let head =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(size)\" font-family=\"sans-serif\" "
      + "font-size=\"\(frame.fontSize)\" role=\"img\" aria-label=\"\(Markup.escaped(title))\">\n"
    let ground = frame.isPage ? "" : "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    // No curve's area lies over another one's line.
    let drawings =
      curves.map { band($0) + filled($0) } + curves.map { line($0) + dots($0) }
      + marks.map { $0.svg(x: x($0.x), y: y($0.y), ink) }
    return head + ground + heading + grid + drawings.joined() + (frame.isPage ? "" : legend) + "</svg>\n"
  }

  private var heading: String {
    let middle = (area.left + area.right) / 2
    let below = text(horizontal.title, x: middle, y: frame.height - frame.titleGap, anchor: "middle")
    guard !frame.isPage else { return below }
    let centre = (area.top + area.bottom) / 2
    return text(title, x: middle, y: 28, anchor: "middle", more: " font-size=\"16\"") + below
      + text(
        vertical.title, x: 22, y: centre, anchor: "middle", more: " transform=\"rotate(-90 22 \(number(centre)))\"")
  }

  private var grid: String {
    let columns = horizontal.ticks.map { tick in
      let x = self.x(tick.value)
      return line((x, area.top), (x, area.bottom)) + text(tick.label, x: x, y: area.bottom + 20, anchor: "middle")
    }
    let rows = vertical.ticks.map { tick in
      let y = self.y(tick.value)
      return line((area.left, y), (area.right, y)) + text(tick.label, x: area.left - 8, y: y + 4, anchor: "end")
    }
    return (columns + rows).joined()
  }

  private func points(_ curve: Curve) -> String {
    curve.points.map { "\(number(x($0.x))),\(number(y($0.y)))" }.joined(separator: " ")
  }

  private func line(_ curve: Curve) -> String {
    let dashes = curve.isDashed ? " stroke-dasharray=\"6 4\"" : ""
    return "<polyline points=\"\(points(curve))\" \(ink.stroke(curve.colour)) stroke-width=\"2\"\(dashes)/>\n"
  }

  private func filled(_ curve: Curve) -> String {
    guard curve.isFilled, let first = curve.points.first, let last = curve.points.last else { return "" }
    let bottom = number(area.bottom)
    let corners = "\(number(x(last.x))),\(bottom) \(number(x(first.x))),\(bottom)"
    return "<polygon points=\"\(points(curve)) \(corners)\" \(ink.fill(curve.colour)) fill-opacity=\"0.25\"/>\n"
  }

  private func band(_ curve: Curve) -> String {
    guard !curve.band.isEmpty else { return "" }
    let upper = curve.band.map { "\(number(x($0.x))),\(number(y($0.high)))" }
    let lower = curve.band.reversed().map { "\(number(x($0.x))),\(number(y($0.low)))" }
    let points = (upper + lower).joined(separator: " ")
    return "<polygon points=\"\(points)\" \(ink.fill(curve.colour)) fill-opacity=\"0.25\"/>\n"
  }

  private func dots(_ curve: Curve) -> String {
    guard curve.hasDots else { return "" }
    return curve.points.map {
      "<circle cx=\"\(number(x($0.x)))\" cy=\"\(number(y($0.y)))\" r=\"4\" \(ink.fill(curve.colour))/>\n"
    }.joined()
  }

  private var legend: String {
    curves.enumerated().map { index, curve in
      let y = area.top + 18 + 20 * Double(index)
      return
        "<rect x=\"\(number(area.right - 190))\" y=\"\(number(y - 10))\" width=\"14\" height=\"10\" "
        + "\(ink.fill(curve.colour))/>\n" + text(curve.name, x: area.right - 170, y: y, anchor: "start")
    }.joined()
  }

  private func x(_ value: Double) -> Double {
    area.left + Self.share(value, horizontal.range) * (area.right - area.left)
  }

  private func y(_ value: Double) -> Double {
    area.bottom - Self.share(value, vertical.range) * (area.bottom - area.top)
  }

  private static func share(_ value: Double, _ range: ClosedRange<Double>) -> Double {
    (min(max(value, range.lowerBound), range.upperBound) - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  private func number(_ value: Double) -> String { String(format: frame.isPage ? "%.1f" : "%.2f", value) }

  private func line(_ from: (Double, Double), _ to: (Double, Double)) -> String {
    "<line x1=\"\(number(from.0))\" y1=\"\(number(from.1))\" x2=\"\(number(to.0))\" y2=\"\(number(to.1))\" "
      + "\(ink.rule)/>\n"
  }

  private func text(_ text: String, x: Double, y: Double, anchor: String, more: String = "") -> String {
    guard !text.isEmpty else { return "" }
    return "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\" \(ink.text)\(more)>"
      + "\(Markup.escaped(text))</text>\n"
  }
}
