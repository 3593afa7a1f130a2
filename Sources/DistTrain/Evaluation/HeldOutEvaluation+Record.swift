import Foundation

/// What a run keeps of its held-out utterances, for those who look at its scores.
extension HeldOutEvaluation {
  /// The names of the columns of `writeUtterances`, before those of properties.
  package static let columns = ["utterance", "speaker", "seconds", "path", "start", "channel"]

  /// Writes a line for each utterance of the trials, behind one of the columns' names: its speaker, its seconds, where
  /// it begins in which recording and on which channel, and the properties that lists in the data directory tell of it
  /// (`CorpusProperty.common`).
  /// - Parameter note: is called with a line about a list of a property that cannot be read.
  /// - Throws: `Failure(.failed)`.
  package func writeUtterances(to path: String, note: (String) -> Void) throws {
    let properties = properties(note: note)
    let place = FileManager.default.currentDirectoryPath
    try AtomicFile.write(to: path) { file in
      try file.write(TabbedLine.text(Self.columns + properties.map(\.name)))
      for (index, utterance) in utterances.enumerated() {
        let isAbsolute = utterance.path.utf8.first == UInt8(ascii: "/")
        let facts = [
          utterance.id, corpus.speakers[utterance.speaker], "\(utterance.seconds)",
          isAbsolute ? utterance.path : "\(place)/\(utterance.path)", "\(utterance.start)",
          utterance.channel.map(String.init) ?? "",
        ]
        try file.write(TabbedLine.text(facts + properties.map { $0.values[index] ?? "" }))
      }
    }
  }

  private func properties(note: (String) -> Void) -> [(name: String, values: [String?])] {
    CorpusProperty.common.compactMap { name in
      do {
        return try CorpusProperty.values(name, of: positions, in: corpus, folder: folder).map { (name, $0) }
      } catch {
        note("warning: evaluation by \(name) is not recorded: \(Failure(error).message)")
        return nil
      }
    }
  }

  /// The largest number of embeddings that are kept: 8 MB of 192 dimensions.
  package static let mostEmbeddings = 10_000

  /// Writes embeddings of the trials' utterances as `EmbeddingFile` does, of more than `mostEmbeddings` the first ones
  /// of each speaker.
  /// - Parameters:
  ///   - path: a name that ends in `.safetensors`.
  ///   - step: the step that they are of, which the metadata has under `svdist.step`.
  /// - Throws: `Failure(.failed)` where they cannot be written.
  package func write(_ embeddings: Embeddings, ofStep step: Int, to path: String) throws {
    let kept = Self.spread(utterances.map(\.speaker), most: Self.mostEmbeddings)
    let vectors = Matrix(rows: kept.count, columns: embeddings.vectors.columns)
    for (row, place) in kept.enumerated() {
      vectors.row(row).update(from: embeddings.vectors.row(place), count: vectors.columns)
    }
    let part = try Embeddings(names: kept.map { embeddings.names[$0] }, vectors: vectors)
    try EmbeddingFile.write(part, metadata: ["svdist.step": "\(step)"], to: path)
  }

  /// The places of some utterances, ascending: all where these are no more than `most`, and otherwise as many of each
  /// speaker as there is room for, the first ones first.
  package static func spread(_ speakers: [Int], most: Int) -> [Int] {
    guard speakers.count > most else { return Array(speakers.indices) }
    var counts: [Int: Int] = [:]
    let turns = speakers.enumerated().map { place, speaker in
      defer { counts[speaker, default: 0] += 1 }
      return (turn: counts[speaker, default: 0], place: place)
    }
    return turns.sorted { ($0.turn, $0.place) < ($1.turn, $1.place) }.prefix(most).map(\.place).sorted()
  }
}
