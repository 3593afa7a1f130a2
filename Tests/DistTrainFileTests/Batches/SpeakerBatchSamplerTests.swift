import DistTrain
import TestTools
import Testing

@Suite("The sampler of batches")
struct SpeakerBatchSamplerTests {
  private func sampler(
    _ counts: [Int], speakers: Int, utterances: Int = 2, views: Int = 2, seed: UInt64 = 7
  ) throws -> SpeakerBatchSampler {
    try SpeakerBatchSampler(
      corpus: .synthetic(counts), speakers: speakers, utterances: utterances, views: views, seed: seed)
  }

  /// The formula of the documentation, counted by going through the rounds.
  private func steps(_ counts: [Int], speakers: Int, utterances: Int) -> Int {
    var groups = 0
    for round in 1... {
      let present = counts.count { $0 / utterances >= round }
      if present < speakers { break }
      groups += present
    }
    return groups / speakers
  }

  private static let shapes: [(counts: [Int], speakers: Int, utterances: Int)] = [
    ([4, 4, 4, 4], 2, 2), ([2, 3, 9, 5, 4], 3, 2), ([2, 2, 2, 2, 2], 5, 2), ([2, 40, 3], 2, 2),
    ([7, 8, 9, 10, 11, 12], 4, 3),
    ([1, 1, 1], 2, 1), ([3, 3, 3, 3, 3, 3, 3], 4, 1), ((0..<50).map { 2 + $0 * $0 % 31 }, 16, 2),
    ([9, 9, 9, 9, 9], 4, 1),
  ]

  @Test(
    "gives P different speakers, K different utterances of each and V views of each, in this order", arguments: shapes)
  func shape(counts: [Int], speakers: Int, utterances: Int) throws {
    let corpus = Corpus.synthetic(counts)
    let views = 3
    let sampler = try sampler(counts, speakers: speakers, utterances: utterances, views: views)
    for step in 0..<3 * sampler.stepsPerEpoch {
      let rows = sampler.batch(step: step)
      #expect(rows.count == speakers * utterances * views)
      var seen = Set<Int>()
      for p in 0..<speakers {
        let own = rows[p * utterances * views..<(p + 1) * utterances * views]
        let speaker = try #require(own.first?.speaker)
        #expect(seen.insert(speaker).inserted)
        #expect(Set(own.map(\.utterance)).count == utterances)
        for (offset, row) in own.enumerated() {
          #expect(row.speaker == speaker && corpus.utterances[row.utterance].speaker == speaker)
          #expect(row.view == offset % views)
          #expect(row.utterance == own[own.startIndex + offset / views * views].utterance)
          #expect(row.epoch == step / sampler.stepsPerEpoch && row.occurrence == 0)
        }
      }
    }
  }

  @Test(
    "goes through an epoch without drawing an utterance twice, and through exactly the speakers' groups",
    arguments: shapes)
  func multiset(counts: [Int], speakers: Int, utterances: Int) throws {
    let sampler = try sampler(counts, speakers: speakers, utterances: utterances, views: 1)
    #expect(sampler.stepsPerEpoch == steps(counts, speakers: speakers, utterances: utterances))
    for epoch in 0..<4 {
      let rows = (0..<sampler.stepsPerEpoch).flatMap { sampler.batch(step: epoch * sampler.stepsPerEpoch + $0) }
      #expect(rows.allSatisfy { $0.epoch == epoch })
      #expect(Set(rows.map(\.utterance)).count == rows.count)
      // A speaker gives as many groups as it has, bounded by the last round; only the rest that fills no batch is
      // missing.
      let rounds = counts.map { $0 / utterances }.sorted(by: >)[speakers - 1]
      var missing = 0
      for speaker in counts.indices {
        let given = rows.count { $0.speaker == speaker }
        #expect(given % utterances == 0)
        let most = min(counts[speaker] / utterances, rounds)
        #expect(given / utterances <= most && given / utterances >= most - 1)
        missing += most - given / utterances
      }
      #expect(missing < speakers)
    }
  }

  @Test("uses every utterance of an even corpus once an epoch")
  func evenCorpus() throws {
    let sampler = try sampler([4, 4, 4, 4], speakers: 2, views: 1)
    #expect(sampler.stepsPerEpoch == 4)
    #expect((0..<4).flatMap { sampler.batch(step: $0).map(\.utterance) }.sorted() == Array(0..<16))
  }

  @Test("differs between epochs and seeds and is the same for the same step, whatever was asked before")
  func determinism() throws {
    let counts = (0..<40).map { 4 + $0 % 7 }
    let first = try sampler(counts, speakers: 8)
    let second = try sampler(counts, speakers: 8)
    let other = try sampler(counts, speakers: 8, seed: 8)
    let steps = 3 * first.stepsPerEpoch
    let forward = (0..<steps).map { first.batch(step: $0) }
    let backward = (0..<steps).reversed().map { second.batch(step: $0) }
    #expect(forward == backward.reversed())
    #expect((0..<steps).allSatisfy { first.batch(step: $0 * 17 % steps) == forward[$0 * 17 % steps] })
    #expect((0..<steps).allSatisfy { other.batch(step: $0) != forward[$0] })
    #expect(forward[0].map(\.utterance) != forward[first.stepsPerEpoch].map(\.utterance))
  }

  @Test("can be asked from many threads at once")
  func threads() async throws {
    let counts = (0..<40).map { 4 + $0 % 7 }
    let shared = try sampler(counts, speakers: 8)
    let alone = try sampler(counts, speakers: 8)
    let steps = 4 * alone.stepsPerEpoch
    let expected = (0..<steps).map { alone.batch(step: $0) }
    let batches = await withTaskGroup(of: (Int, [BatchRow]).self) { group in
      for step in 0..<steps { group.addTask { (step, shared.batch(step: step * 13 % steps)) } }
      return await group.reduce(into: [Int: [BatchRow]]()) { $0[$1.0] = $1.1 }
    }
    #expect((0..<steps).allSatisfy { batches[$0] == expected[$0 * 13 % steps] })
  }

  @Test("swaps speakers where a batch spans two rounds, so that the order is not one long permutation")
  func boundary() throws {
    // Rounds of 5 in batches of 4: all batches but the first of five span two rounds. Without the swap one of two
    // batches would name a speaker twice.
    for seed in 0..<20 as Range<UInt64> {
      let sampler = try sampler([9, 9, 9, 9, 9], speakers: 4, utterances: 1, views: 1, seed: seed)
      #expect(sampler.stepsPerEpoch == 11)
      let order = (0..<11).flatMap { sampler.batch(step: $0).map(\.speaker) }
      for round in 0..<8 { #expect(Set(order[5 * round..<5 * round + 5]).count == 5) }
      for batch in 0..<11 { #expect(Set(order[4 * batch..<4 * batch + 4]).count == 4) }
    }
  }

  @Test("replaces an utterance by others of its speaker, the same for all views, until none is left")
  func replacement() throws {
    let sampler = try sampler([6, 6], speakers: 2)
    let same = try self.sampler([6, 6], speakers: 2)
    let rows = sampler.batch(step: 0)
    let replacements = (0..<5).compactMap { sampler.replacement(for: rows[0], attempt: $0) }
    #expect(Set(replacements + [rows[0].utterance]).count == 6)
    #expect(Set(replacements).isSubset(of: rows[0].speaker == 0 ? 0..<6 : 6..<12))
    #expect(sampler.replacement(for: rows[0], attempt: 5) == nil)
    #expect(rows[0].utterance == rows[1].utterance)
    #expect((0..<5).map { same.replacement(for: rows[1], attempt: $0) } == replacements)
    // The speaker's other utterance in the batch comes last.
    let other = rows[2].utterance
    let avoiding = (0..<5).map { sampler.replacement(for: rows[0], attempt: $0, avoiding: [other]) }
    #expect(avoiding.last == other && Set(avoiding).count == 5)
  }

  @Test(
    "refuses what gives no batch in one line",
    arguments: [
      ([5], 2, 2, Failure.Kind.badData, "one speaker, 's0000'"),
      ([5, 5, 5], 4, 2, .badData, "has 3 speakers, batch.speakers asks for 4"),
      ([5, 1, 5], 2, 2, .badData, "speaker 's0001' has 1 utterance, batch.utterances asks for 2"),
      (
        [1, 1, 1], 2, 2, .badData,
        "speaker 's0000' (and 2 more of 3 speakers) has 1 utterance, batch.utterances asks for 2"
      ),
      ([5, 5, 5], 2, 9, .badData, "has 5 utterances, batch.utterances asks for 9"),
      ([5, 5, 5], 1, 2, .usage, "batch.speakers is 1"), ([5, 5, 5], 2, 0, .usage, "batch.utterances is 0"),
    ] as [([Int], Int, Int, Failure.Kind, String)])
  func refuses(counts: [Int], speakers: Int, utterances: Int, kind: Failure.Kind, message: String) throws {
    let failure = #expect(throws: Failure.self) {
      try sampler(counts, speakers: speakers, utterances: utterances)
    }
    let text = try #require(failure?.message)
    #expect(text.contains(message), "\(text)")
    #expect(!text.contains("\n"))
    #expect(failure?.kind == kind)
  }
}
