import Foundation

/// The utterances and speakers that a run trains or is evaluated on. Speakers and utterances are numbered in the byte
/// order of their names, so that every rank numbers them alike.
package struct Corpus: Sendable {
  /// Sorted by id.
  package let utterances: [Utterance]
  /// Sorted.
  package let speakers: [String]
  /// For each speaker the positions of its utterances, ascending.
  package let utterancesOfSpeaker: [[Int]]

  /// Reads a Kaldi-style data directory (`KaldiDirectory`). Without `segments` and `utt2dur` every file's header is
  /// opened for its length. Throws `.badData` naming file and line.
  package static func open(_ directory: String) throws -> Corpus {
    try open(directory) { try AudioFile(path: $0).seconds }
  }

  /// - Parameter fileSeconds: the length of a file in seconds.
  package static func open(
    _ directory: String, fileSeconds: @escaping @Sendable (String) throws -> Double
  ) throws -> Corpus {
    var listed = try KaldiDirectory(directory).utterances
    let lengths = listed.concurrentMap { utterance in
      Result { try utterance.seconds ?? fileSeconds(utterance.path) }
    }
    for index in listed.indices {
      do {
        listed[index].seconds = try lengths[index].get()
      } catch let failure as Failure {
        throw Failure(failure.status, "\(failure.message); svdist prepare \(directory) leaves such files out")
      }
    }
    return Corpus(listed)
  }

  /// - Precondition: ids are unique and every utterance's length is known.
  package init(_ listed: [ListedUtterance]) {
    let sorted = ByteOrder.sorted(listed) { $0.id }
    var names: [String] = []
    for name in ByteOrder.sorted(sorted.map(\.speaker), by: { $0 }) {
      if let last = names.last, ByteOrder.equal(last, name) { continue }
      names.append(name)
    }
    var utterances: [Utterance] = []
    utterances.reserveCapacity(sorted.count)
    var utterancesOfSpeaker = [[Int]](repeating: [], count: names.count)
    for entry in sorted {
      guard let seconds = entry.seconds, let speaker = ByteOrder.find(entry.speaker, in: names, by: { $0 }) else {
        preconditionFailure("the length of utterance \(entry.id) is not known")
      }
      utterancesOfSpeaker[speaker].append(utterances.count)
      utterances.append(
        Utterance(
          id: entry.id, speaker: speaker, path: entry.path, start: entry.start, seconds: seconds,
          speed: entry.speed))
    }
    self.utterances = utterances
    self.speakers = names
    self.utterancesOfSpeaker = utterancesOfSpeaker
  }

  /// The position of an utterance in `utterances`.
  package func utterance(named id: String) -> Int? {
    ByteOrder.find(id, in: utterances) { $0.id }
  }
}
