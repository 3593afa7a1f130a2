/// Which voices babble is made of.
struct Babble: Sendable {
  private let voices: ClosedRange<Int>
  private let recordings: [String]
  private let corpus: CorpusVoices?

  /// nil where there are no voices. Recordings go before a corpus.
  init?(voices: ClosedRange<Int>, recordings: [String], corpus: CorpusVoices?) {
    if recordings.isEmpty, corpus == nil { return nil }
    self.voices = voices
    self.recordings = recordings
    self.corpus = corpus
  }

  func draw(_ stream: inout RandomStream, speaker: Int) -> [BabbleVoice] {
    let count = voices.lowerBound + stream.below(voices.count)
    return (0..<count).map { _ in
      if recordings.isEmpty, let corpus { return corpus.draw(&stream, speaker: speaker) }
      return BabbleVoice(path: recordings[stream.below(recordings.count)], offset: stream.uniform())
    }
  }
}
