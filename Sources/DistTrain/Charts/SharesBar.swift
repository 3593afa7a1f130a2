import Foundation

/// A bar of a page whose parts are as long as their shares.
struct SharesBar {
  struct Part {
    let name: String
    /// Any unit, not negative.
    let amount: Double
    let colour: Chart.Colour
  }

  let title: String
  let parts: [Part]

  /// The sum of all parts.
  var whole: Double { parts.reduce(0) { $0 + $1.amount } }

  /// The drawing as a part of a page.
  var svg: String {
    let ink = Chart.Ink(isPage: true)
    var begin = 0.0
    let rectangles = parts.map { part in
      let width = whole > 0 ? 460 * part.amount / whole : 0
      defer { begin += width }
      let place = String(format: "x=\"%.2f\" y=\"0\" width=\"%.2f\" height=\"22\"", begin, width)
      return "<rect \(place) \(ink.fill(part.colour))/>\n"
    }
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 460 22\" role=\"img\" "
      + "aria-label=\"\(Markup.escaped(title))\">\n\(rectangles.joined())</svg>\n"
  }
}
