import DistTrain
import Testing

@Suite struct CorpusOverlapTests {
  private func corpus(_ utterances: [(id: String, speaker: String, path: String)]) -> Corpus {
    Corpus(utterances.map { ListedUtterance(id: $0.id, speaker: $0.speaker, path: $0.path, seconds: 1) })
  }

  @Test func `speakers, utterances and files are found by their names, each for itself`() {
    let training = corpus([("a", "s", "/x/1.wav"), ("b", "t", "/x/2.wav"), ("c", "t", "/x/3.wav")])
    let evaluation = corpus([("d", "s", "/y/1.wav"), ("b", "u", "/y/2.wav"), ("e", "v", "/x/3.wav")])
    let overlap = CorpusOverlap(training: training, evaluation: evaluation)
    #expect(overlap.speakers == ["s"] && overlap.utterances == ["b"] && overlap.files == ["/x/3.wav"])
    #expect(
      overlap.summary == "corpus.train and corpus.evaluation share 1 speakers (s), 1 utterances (b), 1 files (/x/3.wav)"
    )
    let apart = corpus([("d", "v", "/y/1.wav")])
    #expect(CorpusOverlap(training: training, evaluation: apart).summary == nil)
  }

  @Test func `names of other bytes are other names`() {
    let training = corpus([("a", "\u{E9}", "/x/1.wav")])
    let evaluation = corpus([("b", "e\u{301}", "/y/1.wav")])
    #expect(CorpusOverlap(training: training, evaluation: evaluation).summary == nil)
  }
}
