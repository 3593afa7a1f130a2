/// What lists beside those of a corpus tell of its utterances: `utt2NAME` of each, or `spk2NAME` of its speaker, such as
/// `spk2gender`.
package enum CorpusProperty {
  /// The properties that data directories commonly have lists of: Kaldi's recipes write `spk2gender` and `utt2lang`,
  /// and those for CN-Celeb `utt2dom`, the domain such as singing or an interview.
  package static let common = ["gender", "lang", "dom"]

  /// The value of a property for utterances of a corpus.
  /// - Parameters:
  ///   - positions: the utterances' positions in the corpus.
  ///   - folder: the corpus's data directory.
  /// - Returns: nil where there is no list of the property; a value is nil where the list does not have one.
  /// - Throws: `Failure(.badData)` that names the list and the line.
  package static func values(
    _ property: String, of positions: [Int], in corpus: Corpus, folder: String
  ) throws -> [String?]? {
    for (prefix, isOfSpeaker) in [("utt2", false), ("spk2", true)] {
      let path = "\(folder.withoutEndingSlashes)/\(prefix)\(property)"
      guard FileSystem.exists(path) else { continue }
      let lines = try KaldiList(path: path, fields: nil)
      let values = Dictionary(lines.lines.map { (Name($0.key), $0.rest) }, uniquingKeysWith: { first, _ in first })
      return positions.map { position in
        let utterance = corpus.utterances[position]
        return values[Name(isOfSpeaker ? corpus.speakers[utterance.speaker] : utterance.id)]
      }
    }
    return nil
  }
}
