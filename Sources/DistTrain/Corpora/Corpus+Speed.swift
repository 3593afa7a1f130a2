extension Corpus {
  /// The corpus with every utterance once at each speed. A voice at another speed is another speaker: at 0.9, those of
  /// `id10270` are `id10270@0.9`, as Kaldi's `sp0.9-id10270` and wespeaker's three times as many classes.
  package func atSpeeds(_ factors: [Double]) -> Corpus {
    Corpus(self, copies: SpeedCopies(self, factors: factors))
  }

  /// For each speaker of `atSpeeds(factors)` the position here of the person it is.
  func people(atSpeeds factors: [Double]) -> [Int] {
    let marked = factors.flatMap { factor in
      speakers.indices.map { (name: speakers[$0] + SpeedCopies.mark(factor), person: $0) }
    }
    return ByteOrder.sorted(marked, by: { $0.name }).map(\.person)
  }
}
