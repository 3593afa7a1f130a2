import Foundation
import TestTools
import Testing

/// The rooms of the sources: lower never names higher.
@Suite struct RoomsTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../..").standardizedFileURL
  private static let hasSources = FileManager.default.fileExists(atPath: root.path + "/Sources/DistTrain")

  @Test(.enabled(if: hasSources, "there are no sources here"))
  func `no room names a higher one, and nothing is excepted without need`() throws {
    let graph = try RoomGraph.read(root: Self.root)
    #expect(graph.arrows.count > 100)
    for fault in graph.faults { Issue.record("\(fault)") }
  }

  @Test(.enabled(if: hasSources, "there are no sources here"))
  func `CONTRIBUTING shows the graph of the rooms`() throws {
    let text = try String(contentsOf: Self.root.appending(path: "CONTRIBUTING.md"), encoding: .utf8)
    let start = try #require(text.range(of: "<!-- rooms: by scripts/rooms --write -->\n```\n")).upperBound
    let end = try #require(text.range(of: "```\n", range: start..<text.endIndex)).lowerBound
    #expect(try text[start..<end] == RoomGraph.read(root: Self.root).text, "scripts/rooms --write mends it")
  }

  /// The arrows between `Low`, `Middle` and `High` that a file of `Low` makes, beside sources of the others.
  private func arrowsUp(_ low: String) throws -> [String] {
    let high = """
      struct Tower { enum Floor {}; static func build() {} }
      func climb(_ steps: Int) {}
      private struct Bird {}
      extension Cellar { func lift() {} init(tower: Int) { self.init(depth: tower) } var deep: Int { 1 } }
      extension Array { var top: Element { self[0] } }
      """
    let cellar = "struct Cellar { let depth: Int; enum Floor {}; func dig() {} }\n"
    let table = try RoomTable("room Low\nroom Middle\nroom High")
    let sources = [
      "Low/Cellar.swift": cellar, "Low/One.swift": low, "Middle/Two.swift": "struct Stair {}", "High/Three.swift": high,
    ]
    let graph = RoomGraph(sources, table: table)
    return graph.faults.filter { $0.hasPrefix("Low/One.swift:") && $0.contains("above") }
  }

  @Test(arguments: [
    ("let a = 1\nfunc f() { _ = Tower.build() }", "One.swift:2: Low names Tower of High"),
    ("func f(_ stair: Stair?) {}", "Stair of Middle"), ("typealias A = [String: Tower]", "Tower of High"),
    ("extension Cellar { var tower: Tower { fatalError() } }", "Tower of High"),
    ("let floor: Tower.Floor? = nil", "Tower.Floor of High"), ("func f() { climb(3) }", "climb of High"),
    ("func f(_ c: Cellar) { c.lift() }", "lift of High"), ("extension Cellar { func g() { lift() } }", "lift of High"),
    ("let first = [1].top", "top of High"), ("let c = Cellar(tower: 3)", "Cellar(tower:) of High"),
    (#"let a = "a \(b("x") + Tower.size) b""#, "Tower of High"),
    ("let a = \"\"\"\n  \\(Tower.self)\n  \"\"\"", "One.swift:2: Low names Tower of High"),
    (##"let a = #"\#(Tower.self)"#"##, "Tower of High"), ("/* /* */ */ let a = Tower()", "Tower of High"),
    ("struct Shed<A: Sequence<Tower>> { let a: A }", "Tower of High"),
  ]) func `an arrow that runs up is found`(source: String, fault: String) throws {
    let faults = try arrowsUp(source)
    #expect(faults.contains { $0.contains(fault) }, "\(faults)")
  }

  @Test(arguments: [
    "// Tower", "/* Tower /* Stair */ Tower */", "/// `Tower` above\nstruct Shed {}", #"let a = "Tower \" Tower""#,
    "let a = \"\"\"\n  Tower \"\"  \\\"\"\" Tower\n  \"\"\"", ##"let a = #"Tower \(Tower) ""#"##,
    "extension Cellar { typealias A = Floor }", "struct Shed { struct Tower {}; let tower: Tower }",
    "enum Shed { struct Tower {} }\nextension Shed { static let tower = Tower() }\nlet a = Shed.Tower()",
    "private struct Tower {}\nlet a = Tower()", "func f() { let climb = 3; print(climb) }",
    "func f(climb: () -> Void) { climb() }", "let c = Cellar(depth: 3)",
    "struct Hoist { func lift() {} }\nlet a = Hoist().lift()",
    "struct Bird {}\nlet a = Bird()", "func f(_ pairs: [(top: Int, low: Int)]) { print(pairs[0].top) }",
    "func f<Tower: Sequence>(_ t: Tower) -> Tower { t }",
    "struct Shed<A, Tower> { let tower: Tower }", "let a = [1].map { lift in lift + 1 }",
    "func f() { for climb in [1] { print(climb) } }",
    "let a = f(tower: 1, climb: 2)",
  ]) func `what is no arrow is none`(source: String) throws {
    #expect(try arrowsUp(source) == [])
  }

  @Test func `two rooms that name each other are an arrow up`() throws {
    let graph = RoomGraph(
      ["Low/A.swift": "struct A { let b: B }", "High/B.swift": "struct B { func f(_: A) {} }"],
      table: try RoomTable("room Low\nroom High"))
    #expect(graph.text == "Low   High\nHigh  Low\n")
    #expect(graph.faults.contains("Low/A.swift:1: Low names B of High, which is above it"))
  }

  @Test func `rooms, small files and names that the table does not know are told, and what it says in vain`() throws {
    let long = String(repeating: "\n", count: 15)
    let table = try RoomTable(
      """
      # rooms
      room Low
      room High
      room Empty
      small Low/Small.swift – a reason
      small Low/Large.swift – none any more
      kept Tower High
      guest Tower Low/Guest.swift – a reason
      guest Tower Low/Large.swift – none any more
      """)
    let sources = [
      "Low/Small.swift": "", "Low/Large.swift": long, "Low/Short.swift": "\n", "Attic/Box.swift": long,
      "Top.swift": long,
      "High/Tower.swift": "struct Tower {}" + long, "Low/Guest.swift": "let a = Tower()" + long,
      "Low/Thief.swift": "let b = Tower()" + long, "Low/Quiet.swift": "// Tower" + long,
    ]
    #expect(
      RoomGraph(sources, table: table).faults == [
        "Attic/Box.swift: its folder is no room of rooms.txt",
        "Top.swift: its folder is no room of rooms.txt",
        "rooms.txt: the room Empty has no sources",
        "Low/Guest.swift:1: Low names Tower of High, which is above it",
        "Low/Thief.swift:1: Low names Tower of High, which is above it",
        "Low/Short.swift: under 15 lines: join it to its neighbour, or give a reason",
        "rooms.txt: Low/Large.swift is not under 15 lines: strike it",
        "Low/Thief.swift: names Tower, which High alone may",
        "rooms.txt: Low/Large.swift does not name Tower: strike it",
      ])
  }

  @Test(arguments: ["rooms Low", "small A.swift", "room Low – a reason", "kept Tower"])
  func `a line of the table that is none is told`(line: String) {
    #expect(throws: RoomTable.Malformed.self) { try RoomTable(line) }
  }
}
