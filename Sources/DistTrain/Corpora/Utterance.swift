/// One piece of speech of one speaker: a whole file or a segment of one.
package struct Utterance: Sendable, Equatable {
  package let id: String
  /// The speaker's position in `Corpus.speakers`.
  package let speaker: Int
  package let path: String
  /// Where the utterance begins in the file, in seconds.
  package let start: Double
  /// The length of the utterance, in seconds.
  package let seconds: Double
  /// How fast it is played.
  package var speed = 1.0
}
