extension Configuration {
  /// Makes sure that all ranks read the same settings, because a file may differ between hosts. All ranks call this
  /// together.
  /// - Throws: `AgreedFailure` that names the first rank with other settings, and these settings.
  package func agree(_ communicator: any Communicator) throws {
    let lines =
      settings.map { "\($0.key) \($0.text(self))" } + ["\(StagePlace.key) \(stages.count)"] + linesOfStages
    try communicator.demandSame(communicator.gather(lines.joined(separator: "\n"))) { first, other in
      "has other settings than rank 0 on \(communicator.hosts[0]): \(Self.difference(of: other, from: first)): give all "
        + "ranks the same ones"
    }
  }

  private var linesOfStages: [String] {
    zip(stages.indices, ofStages).flatMap { index, stage in
      changeableSettings.map { "\(StagePlace(index: index).key($0.key)) \($0.text(stage))" }
    }
  }

  /// The settings that differ, or the first of them where they are many.
  private static func difference(of other: String, from first: String) -> String {
    let shown = 4
    func lines(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    func setting(_ line: Substring) -> (key: Substring, value: Substring) {
      (line.prefix { $0 != " " }, line.drop { $0 != " " }.dropFirst())
    }
    // Encoders of two types have other keys: what only one of them has is left out.
    let others = Dictionary(uniqueKeysWithValues: lines(other).map { (setting($0).key, setting($0).value) })
    let pairs = lines(first).map(setting).compactMap { key, was in
      others[key].flatMap { $0 == was ? nil : "\(key) is \($0) instead of \(was)" }
    }
    let more = pairs.count > shown ? " and \(pairs.count - shown) more" : ""
    return pairs.prefix(shown).joined(separator: ", ") + more
  }
}
