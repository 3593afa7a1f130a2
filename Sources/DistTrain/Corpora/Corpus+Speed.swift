extension Corpus {
  /// The corpus with every utterance once at each speed. A voice at another speed is another speaker: at 0.9, the
  /// utterances of `id10270` are those of `id10270@0.9`. Kaldi has `sp0.9-id10270` for this, and wespeaker three times
  /// as many classes.
  package func atSpeeds(_ factors: [Double]) -> Corpus {
    Corpus(self, copies: SpeedCopies(self, factors: factors))
  }

  /// The position in this corpus of the person behind each speaker of `atSpeeds(factors)`.
  func people(atSpeeds factors: [Double]) -> [Int] {
    let marked = factors.flatMap { factor in
      speakers.indices.map { (name: speakers[$0] + SpeedCopies.mark(factor), person: $0) }
    }
    return ByteOrder.sorted(marked, by: { $0.name }).map(\.person)
  }
}
