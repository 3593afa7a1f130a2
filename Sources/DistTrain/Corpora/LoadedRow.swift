/// What a row of a batch turned out to hold.
package struct LoadedRow: Sendable, Equatable {
  package let row: BatchRow
  /// The position in `Corpus.utterances` of what was read: the row's own utterance or the one that replaces it.
  package let utterance: Int
  /// Where the crop begins in the recording, in seconds of the recording.
  package let start: Double
  package let distortion: Distortion
}

extension LoadedRow {
  /// The row as a JSON object.
  /// - Parameters:
  ///   - corpus: that the row is of.
  ///   - augmentation: that drew its distortion.
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
