import DistTrain
import Foundation
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
      overlap.summary == "corpus.train and corpus.evaluation share 1 speaker (s), 1 utterance (b), 1 file (/x/3.wav)"
    )
    let apart = corpus([("d", "v", "/y/1.wav")])
    #expect(CorpusOverlap(training: training, evaluation: apart).summary == nil)
  }

  @Test(arguments: ["a link", "another name", "a copy", "other bytes", "no file"])
  func `recordings under other names are found by file and by checksum`(_ what: String) throws {
    try withScratchFolder { folder in
      let (trained, held) = ("\(folder)/trained.wav", "\(folder)/held.wav")
      try Data("one recording".utf8).write(to: URL(fileURLWithPath: trained))
      switch what {
      case "a link": #expect(symlink(trained, held) == 0)
      case "another name": #expect(link(trained, held) == 0)
      case "a copy": try FileManager.default.copyItem(atPath: trained, toPath: held)
      case "other bytes": try Data("two recording".utf8).write(to: URL(fileURLWithPath: held))
      default: break
      }
      let training = corpus([("a", "s", trained), ("b", "s", "\(folder)/missing.wav")])
      let overlap = CorpusOverlap(training: training, evaluation: corpus([("x", "t", held)]))
      #expect(overlap.files == (["other bytes", "no file"].contains(what) ? [] : [held]))
      #expect(overlap.speakers.isEmpty && overlap.utterances.isEmpty)
    }
  }

  @Test func `names of other bytes are other names`() {
    let training = corpus([("a", "\u{E9}", "/x/1.wav")])
    let evaluation = corpus([("b", "e\u{301}", "/y/1.wav")])
    #expect(CorpusOverlap(training: training, evaluation: evaluation).summary == nil)
  }
}
