package import DistTrain

extension Corpus {
  /// A corpus whose speakers have these numbers of utterances, without files.
  package static func synthetic(_ counts: [Int]) -> Corpus {
    func name(_ number: Int) -> String { String(String(number + 10_000).dropFirst()) }
    return Corpus(
      counts.indices.flatMap { speaker in
        (0..<counts[speaker]).map { utterance in
          ListedUtterance(
            id: "s\(name(speaker))/u\(name(utterance))", speaker: "s\(name(speaker))", path: "none", seconds: 1)
        }
      })
  }
}
