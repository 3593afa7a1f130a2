import Foundation

/// `rooms.txt`: the rooms, the lowest first, and what is excepted from their rules, each with its reason.
struct RoomTable {
  private(set) var rooms: [String] = []
  /// Files of under 15 lines that stay, by their paths.
  private(set) var small: Set<String> = []
  /// The rooms that alone name a type, by its name, and the files that may besides.
  private(set) var keepers: [String: String] = [:]
  private(set) var guests: [String: Set<String>] = [:]

  init(_ text: String) throws {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let (line, reason) = Self.split(line, at: " – ")
      let words = line.split(separator: " ").map(String.init)
      switch (words.first, words.count, reason != nil) {
      case ("room", 2, false): rooms.append(words[1])
      case ("small", 2, true): small.insert(words[1])
      case ("kept", 3, false): keepers[words[1]] = words[2]
      case ("guest", 3, true): guests[words[1], default: []].insert(words[2])
      default: throw Malformed(line: String(line))
      }
    }
  }

  struct Malformed: Error { let line: String }

  private static func split(_ line: Substring, at mark: String) -> (Substring, Substring?) {
    guard let range = line.range(of: mark) else { return (line, nil) }
    return (line[..<range.lowerBound], line[range.upperBound...])
  }
}
