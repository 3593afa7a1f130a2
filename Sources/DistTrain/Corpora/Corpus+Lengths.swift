extension Corpus {
  /// The corpus without the utterances that last less or longer, and without the speakers that have no other.
  /// - Precondition: the corpus is as recorded, not at several speeds.
  package func lasting(_ seconds: ClosedRange<Double>) -> Corpus {
    precondition(copies == nil, "lengths are those of recordings, before their speeds")
    guard table.seconds.contains(where: { !seconds.contains($0) }) else { return self }
    return Corpus(
      table.filtered { seconds.contains(table.seconds[$0]) }, places: places, damages: damages, contents: contents)
  }
}
