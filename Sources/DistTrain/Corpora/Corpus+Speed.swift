extension Corpus {
  /// The corpus with every utterance once at each speed. A voice at another speed is another speaker: the copies of
  /// `id10270` at 0.9 are those of `id10270@0.9`, as in Kaldi's `sp0.9-id10270` and wespeaker's threefold number of
  /// classes.
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
