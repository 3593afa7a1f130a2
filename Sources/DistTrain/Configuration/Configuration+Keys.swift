extension Configuration {
  /// The keys of all settings that configurations with one of these types of encoder have, whatever their front end.
  static func keys(of types: [EncoderArchitecture] = EncoderArchitecture.known) -> [String] {
    var seen: Set<String> = []
    let all = FrontEnd.Kind.allCases.flatMap { frontEnd in
      types.flatMap { settings(of: $0, frontEnd, among: types) }
    }
    return all.map(\.key).filter { seen.insert($0).inserted }
  }

  /// Throws a `Failure(.usage)` for a key path that names neither a setting nor a group of them, with near ones.
  package static func checkKeys(_ keys: [String], option: String) throws {
    let known = self.keys()
    for key in keys {
      let stage = StagePlace.parse(key)
      let own = stage?.rest ?? key
      let isOfStages = key == StagePlace.key || stage?.rest == ""
      let isKnown = isOfStages || known.contains { $0 == own || $0.hasPrefix(own + ".") }
      guard !isKnown else { continue }
      let near = Spelling.nearest(to: key, among: known + ConfigurationReader.groups(of: known))
      let advice = near.isEmpty ? "svdist config prints all" : "near: \(near.joined(separator: ", "))"
      throw Failure(.usage, "\(option) \(key): unknown setting; \(advice)")
    }
  }
}

/// Finds what somebody may have meant by a name that doesn't exist.
package enum Spelling {
  /// The names nearest to `name`, best first: by edit distance of the whole key paths, or of their last components,
  /// whichever is nearer. Case, `_` and `-` count for nothing.
  package static func nearest(to name: String, among names: [String], limit: Int = 4) -> [String] {
    let scored = names.enumerated().compactMap { index, candidate -> (distance: Int, whole: Int, index: Int)? in
      let whole = distance(simplified(name), simplified(candidate))
      let last = distance(simplified(lastComponent(name)), simplified(lastComponent(candidate)))
      // Of a short word one letter makes another, such as sets of secs.
      let length = lastComponent(name).count
      let near = whole <= max(2, name.count / 5) || last <= (length < 5 ? 0 : max(1, length / 3))
      return near ? (min(whole, last), whole, index) : nil
    }
    return scored.sorted { ($0.distance, $0.whole, $0.index) < ($1.distance, $1.whole, $1.index) }
      .prefix(limit).map { names[$0.index] }
  }

  /// The name nearest to `name`, however far it is; nil where there are none.
  static func closest(to name: String, among names: [String]) -> String? {
    nearest(to: name, among: names, limit: 1).first
      ?? names.min { distance(simplified(name), simplified($0)) < distance(simplified(name), simplified($1)) }
  }

  /// Levenshtein's distance: the fewest insertions, deletions and replacements that turn `a` into `b`.
  static func distance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, character) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let replaced = diagonal + (character == b[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }

  private static func simplified(_ name: String) -> String { name.lowercased().filter { $0 != "_" && $0 != "-" } }

  private static func lastComponent(_ key: String) -> String { key.split(separator: ".").last.map(String.init) ?? key }
}
