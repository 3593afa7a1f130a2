/// Embeddings of speakers who are in no trial. How a trial's sides score against them normalises the trial's score.
package struct Cohort: Sendable {
  /// What a vector of a cohort stands for.
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// The mean of the embeddings of a speaker (wespeaker).
    case speakers
    /// One utterance (SpeechBrain).
    case utterances
  }

  /// A matrix of vectors × dimensions, as the encoder made them.
  let vectors: Matrix
  /// The names of all speakers in it, in byte order.
  let speakers: [String]

  init(vectors: Matrix, speakers: [String]) {
    (self.vectors, self.speakers) = (vectors, speakers)
  }

  /// Makes a cohort of a set of embeddings.
  /// - Throws: `Failure(.badData)` where it has fewer than two vectors, whose scores have no deviation.
  init(_ kind: Kind, of embeddings: Embeddings, _ groups: SpeakerGroups) throws {
    switch kind {
    case .utterances: self.init(vectors: embeddings.vectors, speakers: groups.names)
    case .speakers:
      self.init(vectors: SpeakerStatistics.means(of: embeddings.vectors, groups).single, speakers: groups.names)
    }
    guard vectors.rows > 1 else {
      throw Failure(
        .badData, "a cohort of one vector has no deviation of scores: give embeddings of more \(kind.rawValue)")
    }
  }

  /// The first of these speakers that is in the cohort; nil where none is.
  func first(of others: some Sequence<String>) -> String? {
    let known = Set(speakers.map { Name($0) })
    return others.first { known.contains(Name($0)) }
  }
}
