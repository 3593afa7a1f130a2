/// One row of the global batch: one view of one utterance.
package struct BatchRow: Sendable, Equatable {
  /// The position in `Corpus.utterances`.
  package let utterance: Int
  /// The position in `Corpus.speakers`.
  package let speaker: Int
  /// The number of times that the epoch drew this utterance before this row's draw, plus 65,536 for each time that
  /// training went back to a checkpoint before it came to this row, so that its draws are others then.
  package let occurrence: Int
  /// The index of the view, in 0 ..< views.
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

/// The contents of a row of a batch, once it is loaded.
package struct LoadedRow: Sendable, Equatable {
  package let row: BatchRow
  /// The position in `Corpus.utterances` of the utterance that was read: the row's own, or the one that replaces it.
  package let utterance: Int
  /// The start of the crop in the recording, in seconds of the recording.
  package let start: Double
  package let distortion: Distortion
  /// The number of channels of the recording of which the crop is the mean; 1 for one channel.
  package let channels: Int
}

/// An utterance that is heard as the mean of its recording's channels.
package struct AveragedUtterance: Sendable, Equatable {
  /// The position in `Corpus.utterances`.
  package let utterance: Int
  /// The number of channels.
  package let channels: Int
}

extension LoadedRow {
  /// The row as a JSON object.
  /// - Parameters:
  ///   - corpus: the corpus of the row.
  ///   - augmentation: the augmentation that drew the row's distortion.
  func json(_ corpus: Corpus, _ augmentation: Augmentation) -> String {
    func id(_ utterance: Int) -> String { JSONText.quoted(corpus.utterances[utterance].id) }
    var members = ["\"utterance\":\(id(utterance))"]
    if utterance != row.utterance { members.append("\"replaces\":\(id(row.utterance))") }
    members += [
      "\"speaker\":\(JSONText.quoted(corpus.speakers[row.speaker]))", "\"occurrence\":\(row.occurrence)",
      "\"view\":\(row.view)", "\"start\":\(JSONText.number(start))",
    ]
    return "{\((members + augmentation.json(of: distortion)).joined(separator: ","))}"
  }
}
