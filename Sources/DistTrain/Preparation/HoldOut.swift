import Foundation

/// The speakers that are kept back from training for evaluation.
package enum HoldOut {
  /// Draws speakers among those with at least two utterances. They are the same for the same corpus and seed.
  /// - Throws: `Failure(.usage)` where none would be left to train on, or too few speakers have two utterances.
  package static func draw(_ count: Int, from corpus: Corpus, seed: UInt64) throws -> Set<Name> {
    guard count >= 1 else { throw Failure(.usage, "--hold-out \(count): at least 1 speaker can be held out") }
    guard count < corpus.speakers.count else {
      throw Failure(
        .usage,
        "--hold-out \(count): the corpus has \(corpus.speakers.count) usable speakers, so that none would be left "
          + "to train on")
    }
    let candidates = corpus.speakers.indices.filter { corpus.utterancesOfSpeaker[$0].count >= 2 }
    guard count <= candidates.count else {
      throw Failure(
        .usage,
        "--hold-out \(count): only \(candidates.count) of \(corpus.speakers.count) usable speakers have the two "
          + "utterances that a target trial needs")
    }
    var stream = RandomStream(seed: seed, purpose: .holdOut)
    return Set(stream.shuffled(candidates).prefix(count).map { Name(corpus.speakers[$0]) })
  }

  /// Reads a list of speakers, one a line.
  /// - Throws: `Failure(.badData)` where a speaker is not in the corpus, or none would be left to train on.
  package static func read(_ path: String, corpus: Corpus) throws -> Set<Name> {
    guard FileManager.default.fileExists(atPath: path) else {
      throw Failure(.badData, "\(path): no such file; it lists the speakers to evaluate on, one on each line")
    }
    let list = try KaldiList(path: path, fields: 1...1)
    for line in list.lines where ByteOrder.find(line.key, in: corpus.speakers, by: { $0 }) == nil {
      throw list.failure(line, "speaker '\(line.key)' has no usable utterance in the corpus")
    }
    guard list.lines.count < corpus.speakers.count else {
      throw Failure(.badData, "\(path): all usable speakers are listed, so that none would be left to train on")
    }
    return Set(list.lines.map { Name($0.key) })
  }
}
