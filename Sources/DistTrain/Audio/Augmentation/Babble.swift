/// The choice of voices that babble is made of.
struct Babble: Sendable {
  private let voices: ClosedRange<Int>
  private let recordings: [String]
  private let corpus: CorpusVoices?

  /// Takes voices from the recordings, or from the corpus where there are none; nil where there is neither.
  init?(voices: ClosedRange<Int>, recordings: [String], corpus: CorpusVoices?) {
    if recordings.isEmpty, corpus == nil { return nil }
    self.voices = voices
    self.recordings = recordings
    self.corpus = corpus
  }

  /// Draws the voices of one crop.
  func draw(_ stream: inout RandomStream, speaker: Int) -> [BabbleVoice] {
    let count = voices.lowerBound + stream.below(voices.count)
    return (0..<count).map { _ in
      if recordings.isEmpty, let corpus { return corpus.draw(&stream, speaker: speaker) }
      return BabbleVoice(path: recordings[stream.below(recordings.count)], offset: stream.uniform())
    }
  }
}
