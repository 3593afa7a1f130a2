import Yams

extension Configuration {
  /// Held-out trials that a training is evaluated on besides those of `corpus.evaluation`.
  package struct EvaluationSet: SettingValue, Codable, Equatable {
    /// The name in lines and charts, and of the folder of its results.
    package let name: String
    /// The path of the data directory.
    package fileprivate(set) var corpus: String
    /// The path of the trial list over its utterances.
    package fileprivate(set) var trials: String

    static let key = "evaluation.sets"
    static let expectation = "a group {name, corpus, trials}"
    /// A bound far beyond use.
    static let most = 100
    private static let members = ["name", "corpus", "trials"]
    private static let longestName = 100

    /// Reads a set. One without a name has that of its corpus's folder.
    /// - Parameter failure: makes the failure of a node from the name of the member that it is about, which is empty for
    ///   the whole set, and a message.
    init(_ node: Node, failure: (_ node: Node, _ member: String, _ message: String) -> Failure) throws {
      guard let mapping = node.mapping else {
        throw failure(node, "", "expected \(Self.expectation), found \(node.summary)")
      }
      var given: [String: String] = [:]
      for (key, value) in mapping {
        guard let member = key.scalar?.string, !member.isEmpty else {
          throw failure(key, "", "a key must be a name, found \(key.summary)")
        }
        guard Self.members.contains(member) else {
          let near = Spelling.nearest(to: member, among: Self.members)
          let advice = near.isEmpty ? "a set has \(Self.members.joined(separator: ", "))" : "near: \(near[0])"
          throw failure(key, member, "unknown setting; \(advice)")
        }
        if member == "name", value.isNull { continue }
        guard let text = String.read(value) else {
          throw failure(key, member, "expected \(member == "name" ? "a name" : "a path"), found \(value.summary)")
        }
        given[member] = text
      }
      guard let corpus = given["corpus"] else {
        throw failure(node, "corpus", "missing: name the data directory of the set")
      }
      guard let trials = given["trials"] else {
        throw failure(node, "trials", "missing: name the trial list over the set's corpus")
      }
      name = given["name"] ?? FileSystem.name(of: corpus.withoutEndingSlashes)
      (self.corpus, self.trials) = (corpus, trials)
    }

    static func read(_ node: Node) -> Self? {
      try? Self(node) { _, member, message in Failure(.usage, "\(member): \(message)") }
    }

    var yaml: String { "{name: \(name.yaml), corpus: \(corpus.yaml), trials: \(trials.yaml)}" }

    /// What is wrong with the name, which a folder beside the results of `corpus.evaluation` will have; nil where nothing
    /// is.
    fileprivate var complaint: String? {
      func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber)
      }
      let isUsable = name.first.map(isPlain) ?? false && name.allSatisfy { isPlain($0) || "-_.".contains($0) }
      guard isUsable, name.count <= Self.longestName else {
        return
          "allowed are up to \(Self.longestName) letters from a to z and A to Z, digits, - _ and ., beginning with a "
          + "letter or a digit, found \(name.shown)"
      }
      let stem = name.lowercased().prefix { $0 != "." }
      let taken = ["held-out", "scores", "result", "utterances", "embeddings"]
      guard taken.contains(String(stem)) || ["step-", "best-"].contains(where: stem.hasPrefix) else { return nil }
      return "\(name) is how corpus.evaluation or one of the files of its results is named: choose another"
    }
  }

  /// A message about the first of `evaluation.sets` that does not go with the others, in one line; nil where all do.
  var disagreementOfSets: String? {
    guard !evaluation.sets.isEmpty else { return nil }
    guard corpus.evaluation != nil, corpus.trials != nil else {
      return "\(EvaluationSet.key): set without corpus.evaluation and corpus.trials: set both, since their EER decides "
        + "which checkpoint is the best"
    }
    // Folders of some systems have names without case.
    var seen: [String: Int] = [:]
    for (index, set) in evaluation.sets.enumerated() {
      let place = "\(EvaluationSet.key)[\(index)].name"
      if let complaint = set.complaint { return "\(place): \(complaint)" }
      if let other = seen.updateValue(index, forKey: set.name.lowercased()) {
        return "\(place): \(set.name) is the name of \(EvaluationSet.key)[\(other)] too: give each its own"
      }
    }
    return nil
  }

  /// Puts other paths in the place of those of `evaluation.sets`.
  mutating func replacePathsOfSets(_ path: (String) throws -> String) rethrows {
    for index in evaluation.sets.indices {
      evaluation.sets[index].corpus = try path(evaluation.sets[index].corpus)
      evaluation.sets[index].trials = try path(evaluation.sets[index].trials)
    }
  }
}
