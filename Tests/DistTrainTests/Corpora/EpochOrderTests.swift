import DistTrain
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
}
