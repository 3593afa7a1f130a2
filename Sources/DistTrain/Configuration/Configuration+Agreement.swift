extension Configuration {
  /// Makes sure that all ranks read the same settings, because a file may differ between hosts. All ranks call this
  /// together.
  /// - Throws: `AgreedFailure` that names the first rank with other settings, and these settings.
  package func agree(_ communicator: any Communicator) throws {
    let lines = Self.settings.map { "\($0.key) \($0.text(self))" }
    try communicator.demandSame(communicator.gather(lines.joined(separator: "\n"))) { first, other in
      "has other settings than rank 0 on \(communicator.hosts[0]): \(Self.difference(of: other, from: first)): give all "
        + "ranks the same ones"
    }
  }

  /// The settings that differ, or the first of them where they are many.
  private static func difference(of other: String, from first: String) -> String {
    let shown = 4
    func lines(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    let pairs = zip(lines(first), lines(other)).filter { $0 != $1 }.map { first, other in
      let (key, was) = (first.prefix { $0 != " " }, first.drop { $0 != " " }.dropFirst())
      return "\(key) is \(other.drop { $0 != " " }.dropFirst()) instead of \(was)"
    }
    let more = pairs.count > shown ? " and \(pairs.count - shown) more" : ""
    return pairs.prefix(shown).joined(separator: ", ") + more
  }
}
