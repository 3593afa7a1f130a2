/// The speakers of utterances, as `utt2spk` tells them.
package struct UtteranceSpeakers: Sendable {
  package let path: String
  private let speakers: [Name: String]

  /// Reads the speakers of utterances.
  /// - Parameter path: a list of `utterance speaker`, or a data directory that has one.
  /// - Throws: `Failure(.badData)` that names the file and the line.
  package init(_ path: String) throws {
    let file = FileSystem.isFolder(path) ? path.withoutEndingSlashes + "/utt2spk" : path
    self.path = file
    guard FileSystem.exists(file) else { throw Failure(.badData, "\(file): no such list of utterances' speakers") }
    let list = try KaldiList(path: file, fields: 2...2)
    speakers = Dictionary(list.lines.map { (Name($0.key), $0.rest) }) { first, _ in first }
  }

  /// The speaker of an utterance; nil where the list does not tell it.
  package func speaker(of utterance: String) -> String? { speakers[Name(utterance)] }
}

/// The utterances of each speaker among a set of embeddings.
struct SpeakerGroups: Sendable {
  /// The speakers in the byte order of their names.
  let names: [String]
  /// The rows of each speaker's embeddings, ascending.
  let rows: [[Int]]

  /// Groups embeddings by their speakers.
  /// - Throws: `Failure(.badData)` that names an utterance whose speaker is not known.
  init(_ embeddings: Embeddings, _ speakers: UtteranceSpeakers) throws {
    var groups: [Name: [Int]] = [:]
    for (row, utterance) in embeddings.names.enumerated() {
      guard let speaker = speakers.speaker(of: utterance) else {
        throw Failure(
          .badData, "\(speakers.path): tells no speaker of utterance \(utterance), which has an embedding: add its line"
        )
      }
      groups[Name(speaker), default: []].append(row)
    }
    names = ByteOrder.sorted(groups.keys.map(\.text)) { $0 }
    rows = names.map { groups[Name($0)] ?? [] }
  }
}
