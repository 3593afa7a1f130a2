import DistTrain
import TestTools
import Testing

@Suite struct SpeakerDrawTests {
  private let counts = [4, 4, 16, 64, 36, 4, 4, 4]

  private func rows(_ draw: SpeakerBatchSampler.Draw, epoch: Int = 0, utterances: Int = 2) throws -> [BatchRow] {
    let sampler = try SpeakerBatchSampler(
      corpus: .synthetic(counts), speakers: 2, utterances: utterances, views: 1, draw: draw, seed: 3)
    return (0..<sampler.stepsPerEpoch).flatMap { sampler.batch(step: epoch * sampler.stepsPerEpoch + $0) }
  }

  private func groups(_ rows: [BatchRow]) -> [Int] {
    counts.indices.map { speaker in rows.count { $0.speaker == speaker } / 2 }
  }

  @Test func `each way of drawing gives the speakers their share of an epoch`() throws {
    // g is 2, 2, 8, 32, 18, 2, 2, 2; the second largest counts for the largest: S = 54.
    #expect(try groups(rows(.utterances)) == [2, 2, 8, 18, 18, 2, 2, 2])
    let equal = try groups(rows(.equally))
    // 54 / 8 is 6.75, seven each, of which 56 fill 28 batches.
    #expect(equal == [7, 7, 7, 7, 7, 7, 7, 7])
    // S · √g / Σ√g with Σ√g = 19.799: 3.86, 7.71, 15.43, 11.57; the largest is cut to the second largest, 12.
    #expect(try groups(rows(.squareRoot)) == [4, 4, 8, 12, 12, 4, 4, 4])
  }

  @Test func `a speaker who is drawn more often than its utterances go round goes through them again, in new pairs`()
    throws
  {
    let own = try rows(.equally).filter { $0.speaker == 0 }
    // Seven groups of two from four utterances: three passes and a half.
    for utterance in 0..<4 {
      #expect([3, 4].contains(own.count { $0.utterance == utterance }))
      #expect(
        own.filter { $0.utterance == utterance }.map(\.occurrence) == Array(0..<own.count { $0.utterance == utterance })
      )
    }
    let pairs = stride(from: 0, to: own.count, by: 2).map { Set([own[$0].utterance, own[$0 + 1].utterance]) }
    #expect(pairs.allSatisfy { $0.count == 2 } && Set(pairs).count > 2)
  }

  @Test func `a speaker who is drawn less gives other utterances in other epochs`() throws {
    let epochs = try (0..<3).map { epoch in
      Set(try rows(.equally, epoch: epoch).filter { $0.speaker == 3 }.map(\.utterance))
    }
    #expect(epochs.allSatisfy { $0.count == 14 } && Set(epochs).count == 3)
  }
}
