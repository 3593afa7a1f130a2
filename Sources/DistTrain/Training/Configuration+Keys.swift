extension Configuration {
  /// Throws a `Failure(.usage)` for a key path that names neither a setting nor a group of them, with near ones.
  package static func checkKeys(_ keys: [String], option: String) throws {
    for key in keys {
      let isKnown = settings.contains { $0.key == key || $0.key.hasPrefix(key + ".") }
      guard !isKnown else { continue }
      let near = Spelling.nearest(to: key, among: settings.map(\.key))
      let advice = near.isEmpty ? "svdist config prints all" : "near: \(near.joined(separator: ", "))"
      throw Failure(.usage, "\(option) \(key): unknown setting; \(advice)")
    }
  }
}
