extension Corpus {
  /// The corpus with every utterance once at each speed. A voice at another speed is another speaker: at 0.9, those of
  /// `id10270` are `id10270@0.9`, as Kaldi's `sp0.9-id10270` and wespeaker's three times as many classes.
  package func atSpeeds(_ factors: [Double]) -> Corpus {
    Corpus(
      factors.flatMap { factor in
        utterances.map { utterance in
          let mark = Self.mark(factor)
          var listed = ListedUtterance(
            id: utterance.id + mark, speaker: speakers[utterance.speaker] + mark, path: utterance.path,
            start: utterance.start, seconds: utterance.seconds)
          listed.speed = factor
          return listed
        }
      })
  }

  /// For each speaker of `atSpeeds(factors)` the position here of the person it is.
  func people(atSpeeds factors: [Double]) -> [Int] {
    let marked = factors.flatMap { factor in
      speakers.indices.map { (name: speakers[$0] + Self.mark(factor), person: $0) }
    }
    return ByteOrder.sorted(marked, by: { $0.name }).map(\.person)
  }

  private static func mark(_ factor: Double) -> String { factor == 1 ? "" : "@\(factor)" }
}
