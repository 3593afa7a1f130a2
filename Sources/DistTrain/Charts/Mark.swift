import Foundation

extension Chart {
  /// A thing that stands at a place of a chart, and tells what it is where a pointer rests on it.
  struct Mark {
    let x: Double
    let y: Double
    let name: String
    let colour: Colour
    let symbol: Symbol
  }

  /// The form of a mark, which tells apart more kinds of things than there are colours.
  enum Symbol: String, CaseIterable {
    case circle = "●"
    case square = "■"
    case triangle = "▲"
    case diamond = "◆"
  }
}

extension Chart.Mark {
  /// - Parameters:
  ///   - x: the place on the drawing.
  ///   - y: likewise.
  func svg(x: Double, y: Double, _ ink: Chart.Ink) -> String {
    let title = "<title>\(Markup.escaped(name))</title>"
    guard let corners = symbol.corners else {
      let circle = String(format: "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" ", x, y)
      return circle + "\(ink.fill(colour))>\(title)</circle>\n"
    }
    let points = corners.map { String(format: "%.1f,%.1f", x + $0.x, y + $0.y) }.joined(separator: " ")
    return "<polygon points=\"\(points)\" \(ink.fill(colour))>\(title)</polygon>\n"
  }
}

extension Chart.Symbol {
  /// The corners about its place, downwards as drawings count; nil for a circle.
  fileprivate var corners: [(x: Double, y: Double)]? {
    switch self {
    case .circle: nil
    case .square: [(-3, -3), (3, -3), (3, 3), (-3, 3)]
    case .triangle: [(0, -4), (4, 3), (-4, 3)]
    case .diamond: [(0, -4.5), (4.5, 0), (0, 4.5), (-4.5, 0)]
    }
  }
}
