import DistTrain
import Testing

@Suite struct SessionTests {
  /// Speakers of four sessions with 6, 2, 2 and 2 utterances.
  private func corpus(_ id: (_ speaker: String, _ session: Int, _ number: Int) -> String) -> Corpus {
    Corpus(
      (0..<4).flatMap { speaker in
        [6, 2, 2, 2].enumerated().flatMap { session, count in
          (0..<count).map { number in
            ListedUtterance(
              id: id("id1000\(speaker)", session, number), speaker: "id1000\(speaker)", path: "none", seconds: 1)
          }
        }
      })
  }

  /// The ids in each group of a speaker's utterances in a few epochs.
  private func groups(
    _ corpus: Corpus, _ sessions: SpeakerBatchSampler.Sessions, utterances: Int = 2
  ) throws -> [[String]] {
    let sampler = try SpeakerBatchSampler(
      corpus: corpus, speakers: 2, utterances: utterances, views: 1, sessions: sessions, seed: 3)
    return (0..<3 * sampler.stepsPerEpoch).flatMap { step in
      let ids = sampler.batch(step: step).map { corpus.utterances[$0.utterance].id }
      return stride(from: 0, to: ids.count, by: utterances).map { Array(ids[$0..<$0 + utterances]) }
    }
  }

  static let forms: [@Sendable (String, Int, Int) -> String] = [
    { "\($0)/video\($1)/0000\($2).wav" }, { "\($0)-vi-deo\($1)-0000\($2)" }, { "\($0)/singing-0\($1)-00\($2).flac" },
  ]

  @Test(arguments: forms.indices) func `a speaker's utterances in a batch are of distinct sessions`(form: Int) throws {
    let corpus = corpus(Self.forms[form])
    func session(_ id: String) -> String {
      String(id[..<id.lastIndex { $0 == "/" || $0 == "-" }!])
    }
    let distinct = try groups(corpus, .distinct)
    #expect(distinct.allSatisfy { Set($0.map(session)).count == 2 })
    #expect(try !groups(corpus, .any).allSatisfy { Set($0.map(session)).count == 2 })
    // Six pairs of twelve utterances, six of which are of one session: all utterances are drawn.
    #expect(Set(distinct.joined()).count == corpus.utterances.count)
  }

  @Test func `sessions that are too few are used twice, and ids that name none are each their own`() throws {
    let five = try groups(corpus(Self.forms[0]), .distinct, utterances: 5)
    #expect(five.allSatisfy { Set($0).count == 5 && Set($0.map { $0.split(separator: "/")[1] }).count == 4 })
    let plain = corpus { "\($0)/\($1)\($2).wav" }
    let sampler = try SpeakerBatchSampler(
      corpus: plain, speakers: 2, utterances: 2, views: 1, sessions: .distinct, seed: 3)
    #expect(!sampler.hasSessions)
    #expect(try groups(plain, .distinct).allSatisfy { Set($0).count == 2 })
  }

  @Test func `a mark behind a slash or a hyphen does not hide it`() throws {
    let mark = "\u{301}"
    for form in ["%@/\(mark)video%d/\(mark)0000%d.wav", "%@/\(mark)singing-\(mark)0%d-\(mark)00%d.flac"] {
      let marked = corpus { speaker, session, number in
        form.replacing("%@", with: speaker).replacing("0%d", with: "0\(session)", maxReplacements: 1)
          .replacing("video%d", with: "video\(session)").replacing("%d", with: "\(number)")
      }
      let sampler = try SpeakerBatchSampler(
        corpus: marked, speakers: 2, utterances: 2, views: 1, sessions: .distinct, seed: 3)
      #expect(sampler.hasSessions)
    }
  }

  @Test func `sessions are the same at all speeds`() throws {
    let corpus = corpus(Self.forms[1]).atSpeeds([1, 0.9])
    #expect(
      try groups(corpus, .distinct).allSatisfy { group in Set(group.map { $0.split(separator: "-")[2] }).count == 2 })
  }
}
