/// Pieces of a page, with all texts escaped that they are given as such.
enum PagePart {
  /// What a colour stands for.
  struct Key {
    let name: String
    let colour: Chart.Colour
    var isDashed = false
    /// The form of its marks, where it has some.
    var symbol: Chart.Symbol?

    fileprivate var sign: String {
      symbol.map { "<b class=\"\(colour)\">\($0.rawValue)</b>" }
        ?? "<i class=\"\(colour)\(isDashed ? " dashed" : "")\"></i>"
    }
  }

  static func section(_ title: String, _ parts: [String]) -> String {
    "<section>\n<h2>\(Markup.escaped(title))</h2>\n\(parts.joined())</section>\n"
  }

  /// The title of a part of a section.
  static func heading(_ text: String) -> String { "<h3>\(Markup.escaped(text))</h3>\n" }

  static func paragraph(_ text: String) -> String { "<p>\(Markup.escaped(text))</p>\n" }

  /// A line about what is not there.
  static func missing(_ text: String) -> String { "<p class=\"missing\">\(Markup.escaped(text))</p>\n" }

  static func figures(_ figures: [String]) -> String {
    figures.isEmpty ? "" : "<div class=\"figures\">\n\(figures.joined())</div>\n"
  }

  /// Drawings one beneath the other, with a caption and what their colours stand for.
  static func figure(_ caption: String, _ keys: [Key] = [], _ drawings: [String]) -> String {
    let shown = keys.map { "<span>\($0.sign)\(Markup.escaped($0.name))</span>" }
    let list = shown.isEmpty ? "" : "<div class=\"keys\">\(shown.joined())</div>\n"
    return "<figure>\n<figcaption>\(Markup.escaped(caption))</figcaption>\n\(list)\(drawings.joined())</figure>\n"
  }

  /// A table whose rows begin with their names; nil is shown as a dash.
  static func table(_ head: [String], _ rows: [(name: String, values: [String?])]) -> String {
    table(head, markup: rows.map { row in (row.name, row.values.map { Markup.escaped($0 ?? "–") }) })
  }

  /// A table whose rows begin with their names.
  /// - Parameter rows: the names are texts, and the cells behind them markup.
  static func table(_ head: [String], markup rows: [(name: String, cells: [String])]) -> String {
    let names = head.map { "<th scope=\"col\">\(Markup.escaped($0))</th>" }.joined()
    let lines = rows.map { row in
      "<tr><th scope=\"row\">\(Markup.escaped(row.name))</th>" + row.cells.map { "<td>\($0)</td>" }.joined() + "</tr>\n"
    }
    return "<div class=\"wide\"><table>\n<thead><tr>\(names)</tr></thead>\n<tbody>\n\(lines.joined())</tbody>\n"
      + "</table></div>\n"
  }

  /// A text that opens when it is asked for.
  static func details(_ summary: String, _ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { Markup.escaped(String($0)) }
    return
      "<details><summary>\(Markup.escaped(summary))</summary>\n<pre>\(lines.joined(separator: "\n"))</pre></details>\n"
  }
}
