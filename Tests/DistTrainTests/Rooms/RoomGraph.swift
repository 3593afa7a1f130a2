import Foundation

/// The rooms that each room names, read from their sources.
///
/// A name is followed to the room that declares it: types, those within types (`Configuration.Checkpoint` is not
/// `Checkpoint`), free functions and variables, and members and initialisers of extensions of another room's or a
/// library's types. What else a room may use of a higher one needs a value that one of these gave.
/// Words alone decide, so that these arrows go unseen: a member whose name a lower room declares too, operators,
/// subscripts, conformances, and initialisers without a label or called by `.init`.
struct RoomGraph {
  struct Arrow: Hashable {
    let from: String
    let to: String
    let file: String
    let line: Int
    let name: String
  }

  let table: RoomTable
  private(set) var arrows: Set<Arrow> = []
  private let files: [(path: String, text: String, names: SwiftNames)]
  /// The places of the rooms that declare a type, by its path.
  private var types: [String: Set<Int>] = [:]
  /// The rooms that declare a member, a free function or an initialiser, by its name.
  private var members: [String: Set<Int>] = [:]
  /// The rooms that label an argument, a parameter or a part of a tuple so, by the label.
  private var labels: [String: Set<Int>] = [:]
  /// The rooms that add a name to another room's type, or to none, by the name.
  private var additions: [String: Set<Int>] = [:]

  /// - Parameter sources: texts by their paths in the folder of the rooms.
  init(_ sources: [String: String], table: RoomTable) {
    self.table = table
    files = sources.sorted { $0.key < $1.key }.map { ($0.key, $0.value, SwiftNames($0.value)) }
    for file in files { collectTypes(file.names, at: place(of: file.path)) }
    for file in files { collectMembers(file.names, at: place(of: file.path)) }
    for file in files { follow(file.names, of: file.path) }
  }

  /// The library's rooms, and the program's as the room `svdist`.
  /// - Parameter root: of the repository.
  static func read(root: URL) throws -> RoomGraph {
    var sources: [String: String] = [:]
    for (folder, prefix) in [("Sources/DistTrain", ""), ("Sources/svdist", "svdist/")] {
      let folder = root.appending(path: folder)
      for case let path as String in FileManager.default.enumerator(atPath: folder.path) ?? .init()
      where path.hasSuffix(".swift") {
        sources[prefix + path] = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
      }
    }
    let table = root.appending(path: "Tests/DistTrainTests/Rooms/rooms.txt")
    return RoomGraph(sources, table: try RoomTable(String(contentsOf: table, encoding: .utf8)))
  }

  static func room(of path: String) -> String { path.split(separator: "/").dropLast().joined(separator: "/") }

  private func place(of path: String) -> Int? { table.rooms.firstIndex(of: Self.room(of: path)) }

  private mutating func collectTypes(_ names: SwiftNames, at place: Int?) {
    guard let place else { return }
    for type in names.declarations where type.kind == .type {
      types[(type.within + [type.name]).joined(separator: "."), default: []].insert(place)
    }
  }

  private mutating func collectMembers(_ names: SwiftNames, at place: Int?) {
    guard let place else { return }
    for label in names.labels { labels[label, default: []].insert(place) }
    for member in names.declarations where member.kind != .type {
      let key = member.kind == .initializer ? "\(member.within.joined(separator: "."))(\(member.name):" : member.name
      members[key, default: []].insert(place)
      let isHome = member.within.first.map { types[$0]?.contains(place) == true } ?? false
      if !isHome { additions[key, default: []].insert(place) }
    }
  }

  private mutating func follow(_ names: SwiftNames, of path: String) {
    guard let place = place(of: path) else { return }
    for use in names.uses {
      for (target, name) in targets(of: use, in: names, from: place) where target != place {
        arrows.insert(
          Arrow(from: table.rooms[place], to: table.rooms[target], file: path, line: use.line, name: name))
      }
    }
  }

  private func targets(of use: SwiftNames.Use, in names: SwiftNames, from place: Int) -> [(Int, String)] {
    let word = use.path[0]
    let isOwn = !use.isMember && names.ownNames.contains(word)
    if !use.isMember, let found = type(of: use, isOwn: isOwn) {
      return found.compactMap { path in target(types[path] ?? [], from: place).map { ($0, path) } }
        + addedInitializer(of: use, type: found[found.count - 1], from: place)
    }
    let places = (members[word] ?? []).union(labels[word] ?? [])
    guard let added = additions[word], !isOwn, let target = target(places, from: place) else { return [] }
    return added.contains(target) ? [(target, word)] : []
  }

  /// The paths of types that a use names, from the outermost on: those nested around it come before those of the
  /// module.
  private func type(of use: SwiftNames.Use, isOwn: Bool) -> [String]? {
    for depth in (0...use.within.count).reversed() where depth > 0 || !isOwn {
      var path = (use.within[..<depth] + [use.path[0]]).joined(separator: ".")
      guard types[path] != nil else { continue }
      var found = [path]
      for word in use.path.dropFirst() {
        path += "." + word
        if types[path] == nil { break }
        found.append(path)
      }
      return found
    }
    return nil
  }

  /// The rooms of the initialiser that an extension adds, where the call makes a value by one.
  private func addedInitializer(of use: SwiftNames.Use, type: String, from place: Int) -> [(Int, String)] {
    guard let label = use.label else { return [] }
    let key = "\(type)(\(label):"
    // The label may be a property's, of an initialiser that nobody wrote.
    guard let added = additions[key], let home = types[type], home.isDisjoint(with: members[label] ?? []) else {
      return []
    }
    guard let target = target(members[key] ?? added, from: place) else { return [] }
    return [(target, key + ")")]
  }

  /// The room meant by a name that some declare: none where it is the own one or one of several lower ones.
  private func target(_ places: Set<Int>, from place: Int) -> Int? {
    guard !places.contains(place), let lowest = places.min() else { return nil }
    return places.count == 1 || lowest > place ? lowest : nil
  }

  /// The rooms, the lowest first, and what each names.
  var text: String {
    let width = (table.rooms.map(\.count).max() ?? 0) + 2
    return table.rooms.map { room in
      let named = Set(arrows.filter { $0.from == room }.map(\.to))
      let padding = String(repeating: " ", count: named.isEmpty ? 0 : width - room.count)
      return room + padding + table.rooms.filter(named.contains).joined(separator: " ") + "\n"
    }.joined()
  }

  /// The breaches of the rules, and the exceptions from them that nothing needs.
  var faults: [String] { foldersUnknown + arrowsUp + sizes + guests }

  private var foldersUnknown: [String] {
    let used = Set(files.map { Self.room(of: $0.path) })
    return files.filter { place(of: $0.path) == nil }.map { "\($0.path): its folder is no room of rooms.txt" }
      + table.rooms.filter { !used.contains($0) }.map { "rooms.txt: the room \($0) has no sources" }
  }

  private var arrowsUp: [String] {
    arrows.filter { arrow in
      table.rooms.firstIndex(of: arrow.to).map { $0 > table.rooms.firstIndex(of: arrow.from) ?? 0 } ?? false
    }.map { "\($0.file):\($0.line): \($0.from) names \($0.name) of \($0.to), which is above it" }.sorted()
  }

  private var sizes: [String] {
    let small = Set(files.filter { $0.text.utf8.count { $0 == UInt8(ascii: "\n") } < 15 }.map(\.path))
    return small.subtracting(table.small).sorted().map {
      "\($0): under 15 lines: join it to its neighbour, or give a reason"
    }
      + table.small.subtracting(small).sorted().map { "rooms.txt: \($0) is not under 15 lines: strike it" }
  }

  private var guests: [String] {
    table.keepers.sorted { $0.key < $1.key }.flatMap { type, keeper in
      let naming = files.filter { Self.room(of: $0.path) != keeper && $0.names.words.contains(type) }
      let found = Set(naming.map(\.path))
      let allowed = table.guests[type] ?? []
      return found.subtracting(allowed).sorted().map { "\($0): names \(type), which \(keeper) alone may" }
        + allowed.subtracting(found).sorted().map { "rooms.txt: \($0) does not name \(type): strike it" }
    }
  }
}
