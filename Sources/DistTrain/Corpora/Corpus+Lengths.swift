extension Corpus {
  /// The corpus without the utterances that last less or longer, and without the speakers that have no other.
  package func lasting(_ seconds: ClosedRange<Double>) -> Corpus {
    guard utterances.contains(where: { !seconds.contains($0.seconds) }) else { return self }
    return Corpus(
      utterances.filter { seconds.contains($0.seconds) }.map { utterance in
        var listed = ListedUtterance(
          id: utterance.id, speaker: speakers[utterance.speaker], path: utterance.path, start: utterance.start,
          seconds: utterance.seconds)
        listed.speed = utterance.speed
        return listed
      })
  }
}
