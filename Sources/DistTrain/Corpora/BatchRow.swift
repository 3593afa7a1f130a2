/// One row of the global batch: one view of one utterance.
package struct BatchRow: Sendable, Equatable {
  /// The position in `Corpus.utterances`.
  package let utterance: Int
  /// The position in `Corpus.speakers`.
  package let speaker: Int
  /// How often the epoch drew this utterance before this row's draw, and 65,536 for each time that training went back to a
  /// checkpoint before it came to this row: its draws are others then.
  package let occurrence: Int
  /// 0 ..< views.
  package let view: Int
  package let epoch: Int

  package init(utterance: Int, speaker: Int, occurrence: Int, view: Int, epoch: Int) {
    self.utterance = utterance
    self.speaker = speaker
    self.occurrence = occurrence
    self.view = view
    self.epoch = epoch
  }
}
