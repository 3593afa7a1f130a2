import DistTrain
import TestTools
import Testing

/// The numbers of a corpus by which settings are chosen.
@Suite struct CorpusFactsTests {
  @Test func `speakers and lengths are counted and ordered`() {
    let facts = CorpusFacts(utterancesOfSpeakers: [3, 1, 2, 1], lengths: [9, 0.5, 4, 2])
    #expect(facts.utterancesOfSpeakers == [1, 1, 2, 3] && facts.speakers == 4 && facts.utterances == 7)
    #expect(facts.speakersOfOne == 2)
    #expect(facts.shortest == 0.5 && facts.median == 4 && facts.longest == 9)
    #expect(facts.seconds == 15.5 && facts.hours == 15.5 / 3600)
  }

  @Test func `they are those of the corpus's lists`() {
    let facts = CorpusFacts(Corpus.synthetic([2, 1, 3]))
    #expect(facts == CorpusFacts(utterancesOfSpeakers: [1, 2, 3], lengths: [1, 1, 1, 1, 1, 1]))
  }

  @Test func `recordings of all parts of a corpus are looked at, but not many`() {
    let corpus = Corpus.synthetic([300, 200])
    let chosen = CorpusFacts.spread(corpus, most: 100)
    #expect(chosen.count == 100 && Set(chosen.map(\.id)).count == 100)
    #expect(chosen.count { $0.speaker == 0 } == 60)
    #expect(CorpusFacts.spread(corpus, most: 1000).count == 500)
    #expect(CorpusFacts.spread(corpus, most: 499).count == 250)
  }

  @Test func `sampling rates are those of the recordings that can be opened`() throws {
    let folder = try TestFolder()
    for name in ["a.wav", "b.wav"] { try folder.writeTone(name) }
    try folder.write("c.wav", "no recording")
    let corpus = Corpus(
      ["a", "b", "c", "d"].map {
        ListedUtterance(id: $0, speaker: $0, path: folder.path("\($0).wav"), seconds: 1)
      })
    #expect(CorpusFacts.rates(of: Array(corpus.utterances)) == [16_000: 2])
  }
}
