/// The choice of voices that babble is made of.
struct Babble: Sendable {
  private let voices: ClosedRange<Int>
  private let corpus: CorpusVoices?

  /// - Parameter corpus: the source of voices where there is no list of them.
  init(voices: ClosedRange<Int>, corpus: CorpusVoices?) {
    self.voices = voices
    self.corpus = corpus
  }

  /// Whether there are voices to draw.
  /// - Parameter recordings: the paths of recordings of voices.
  func isPossible(_ recordings: [String]) -> Bool { !recordings.isEmpty || corpus != nil }

  /// Draws the voices of one crop: of the recordings, or of the corpus where there are none.
  func draw(_ stream: inout RandomStream, speaker: Int, recordings: [String]) -> [BabbleVoice] {
    let count = voices.lowerBound + stream.below(voices.count)
    return (0..<count).compactMap { _ -> BabbleVoice? in
      guard recordings.isEmpty else {
        let file = stream.below(recordings.count)
        return BabbleVoice(path: recordings[file], offset: stream.uniform(), file: file)
      }
      return corpus?.draw(&stream, speaker: speaker)
    }
  }
}
