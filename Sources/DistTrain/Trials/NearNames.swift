/// Finds what a list means by a name that nothing has: the only utterance whose name differs in the suffix of an audio
/// file alone, and the most similar name.
package struct NearNames {
  private let names: [String]
  /// The position of the only name with a stem, or -1 where several have it.
  private let stems: [Name: Int]

  package init(_ names: some Sequence<String>) {
    self.names = Array(names)
    stems = Dictionary(self.names.enumerated().map { (Name(AudioSuffix.stem(of: $1)), $0) }) { _, _ in -1 }
  }

  /// The position of the name that is `name` but for the suffix of an audio file, or nil where none or several are.
  package func position(of name: String) -> Int? {
    stems[Name(AudioSuffix.stem(of: name))].flatMap { $0 < 0 ? nil : $0 }
  }

  /// The longest name, in bytes, to which a similar one is looked for: the search takes the time of its square.
  private static let longest = 512

  /// A hint at the name most similar to one that nothing has, for the end of a message; empty where none is similar,
  /// and for a very long name.
  package func hint(at name: String) -> String {
    let wanted = Array(name.utf8)
    guard wanted.count <= Self.longest else { return "" }
    var best: (name: String, distance: Int)?
    // A look at some hundred thousand names takes a second at most.
    for candidate in names.prefix(200_000) {
      let limit = best.map { $0.distance - 1 } ?? wanted.count / 3
      guard limit > 0 else { break }
      if let distance = Self.distance(wanted, Array(candidate.utf8), limit: limit) { best = (candidate, distance) }
    }
    return best.map { " (the nearest: \($0.name))" } ?? ""
  }

  /// Levenshtein's distance in bytes, or nil where it is beyond the limit.
  static func distance(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int? {
    guard abs(left.count - right.count) <= limit else { return nil }
    var row = Array(0...right.count)
    for (index, byte) in left.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      var least = row[0]
      for (column, other) in right.enumerated() {
        let replaced = diagonal + (byte == other ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
        least = min(least, row[column + 1])
      }
      guard least <= limit else { return nil }
    }
    return row[right.count] <= limit ? row[right.count] : nil
  }
}
