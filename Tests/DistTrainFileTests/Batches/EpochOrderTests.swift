import DistTrain
import TestTools
import Testing

@Suite struct EpochOrderTests {
  /// Eight speakers of eight utterances: two batches a round, four rounds an epoch.
  private let batches: [[BatchRow]]
  private let stepsPerEpoch = 8

  init() throws {
    let sampler = try SpeakerBatchSampler(
      corpus: .synthetic([Int](repeating: 8, count: 8)), speakers: 4, utterances: 2, views: 1, seed: 5)
    #expect(sampler.stepsPerEpoch == stepsPerEpoch)
    batches = (0..<4 * stepsPerEpoch).map { sampler.batch(step: $0) }
  }

  @Test func `every epoch has the speakers in another order`() {
    let orders = (0..<4).map { epoch in
      batches[epoch * stepsPerEpoch..<(epoch + 1) * stepsPerEpoch].map { $0.map(\.speaker) }
    }
    #expect(Set(orders).count == 4)
  }

  @Test func `every round has the speakers in another order`() {
    let rounds = stride(from: 0, to: stepsPerEpoch, by: 2).map { step in
      (batches[step] + batches[step + 1]).map(\.speaker)
    }
    #expect(Set(rounds).count == 4)
    #expect(rounds.allSatisfy { Set($0).count == 8 })
  }

  @Test func `every epoch pairs a speaker's utterances anew`() {
    let pairs = (0..<4).map { epoch in
      let rows = batches[epoch * stepsPerEpoch..<(epoch + 1) * stepsPerEpoch].joined().filter { $0.speaker == 3 }
      let utterances = rows.map(\.utterance)
      return Set(stride(from: 0, to: 8, by: 2).map { Set([utterances[$0], utterances[$0 + 1]]) })
    }
    #expect(Set(pairs).count == 4)
  }

  /// FNV-1a over three epochs' rows.
  private func digest(_ corpus: Corpus) throws -> UInt64 {
    let sampler = try SpeakerBatchSampler(corpus: corpus, speakers: 8, utterances: 2, views: 2, seed: 3)
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    for step in 0..<3 * sampler.stepsPerEpoch {
      for row in sampler.batch(step: step) {
        for number in [row.utterance, row.speaker, row.view, row.epoch] {
          digest = (digest ^ UInt64(number)) &* 0x100_0000_01B3
        }
      }
    }
    return digest
  }

  /// A run goes on in another version with the batches it would have had: the digests are those of svdist 0.1.
  @Test func `the order of epochs is what it always was, at other speeds too`() throws {
    // Names of which some begin others, and speakers whose utterances are not next to each other.
    let names = (0..<60).flatMap { number in ["n\(number)", "n\(number)/1", "n\(number)-x"] }
    let corpus = Corpus(
      names.enumerated().map { index, name in
        ListedUtterance(id: name, speaker: "s\(index * 7 % 23)", path: "none", seconds: 1)
      })
    let recorded = try digest(corpus)
    #expect(recorded == 14_759_682_643_134_571_741)
    let atSpeeds = try digest(corpus.atSpeeds([0.9, 1, 1.1]))
    #expect(atSpeeds == 1_042_558_490_447_147_241)
  }
}
