extension Chart {
  /// The size of a drawing, and what it is a part of.
  struct Frame {
    /// The corners of the area between the axes.
    typealias Area = (left: Double, top: Double, right: Double, bottom: Double)

    let width: Double
    let height: Double
    let area: Area
    let fontSize: Int
    /// The room below the title of the horizontal axis.
    let titleGap: Double
    /// Whether a page has the drawing, whose style gives colours for light and dark.
    let isPage: Bool

    var ink: Ink { Ink(isPage: isPage) }

    /// A file of its own.
    static let file = Frame(
      width: 640, height: 480, area: (76, 48, 616, 416), fontSize: 13, titleGap: 20, isPage: false)
    /// A part of a page.
    static let page = page(height: 270, bottom: 220)
    /// A part of a page whose vertical axis is as close with marks as its horizontal one.
    static let square = page(height: 400, bottom: 350)
    /// A part of a page that has another one beneath it, on the same horizontal axis.
    static let upper = page(height: 222, bottom: 214)
    /// The part beneath it.
    static let lower = page(height: 138, bottom: 88)

    /// Letters are legible where a telephone's screen is as wide as the drawing.
    private static func page(height: Double, bottom: Double) -> Frame {
      Frame(width: 460, height: height, area: (60, 12, 436, bottom), fontSize: 14, titleGap: 8, isPage: true)
    }
  }

  /// How lines, areas and letters are coloured: by attributes in a file, by the page's style on a page.
  struct Ink {
    let isPage: Bool

    func stroke(_ colour: Colour) -> String {
      isPage ? "class=\"line \(colour)\"" : "fill=\"none\" stroke=\"\(colour.rawValue)\""
    }

    func fill(_ colour: Colour) -> String { isPage ? "class=\"area \(colour)\"" : "fill=\"\(colour.rawValue)\"" }

    var rule: String { isPage ? "class=\"rule\"" : "stroke=\"#ddd\"" }

    var text: String { isPage ? "class=\"text\"" : "fill=\"#222\"" }
  }
}
