/// The order in which an epoch goes through a corpus: each speaker's utterances in a random order, cut in groups of
/// `groupSize`, and the speakers in rounds.
///
/// Round r is a random permutation of the speakers that have an r-th group; the rounds follow each other and are cut in
/// batches of `batchSpeakers`. Where a batch spans two rounds, speakers that the first of them already gave are swapped
/// with later ones of the second. The epoch ends with the last round that has enough speakers to fill a batch.
struct EpochOrder: Sendable {
  private let groupSize: Int
  private let batchSpeakers: Int
  /// The speakers of all batches, one batch after the other, and for each of them which of its groups is meant.
  private var speakers: [Int32] = []
  private var groups: [Int32] = []
  /// The utterances of all speakers, each speaker's permuted; speaker s has those from `starts[s]` on.
  private var utterances: [Int32] = []
  private var starts: [Int] = []

  var steps: Int { speakers.count / batchSpeakers }

  init(utterancesOfSpeaker: SpeakerUtterances, batchSpeakers: Int, groupSize: Int, seed: UInt64, epoch: Int) {
    self.groupSize = groupSize
    self.batchSpeakers = batchSpeakers
    for (speaker, own) in utterancesOfSpeaker.enumerated() {
      var stream = RandomStream(seed: seed, purpose: .speakerOrder, epoch: epoch, item: speaker)
      starts.append(utterances.count)
      utterances += stream.shuffled(own.map { Int32($0) })
    }
    var present = utterancesOfSpeaker.indices.filter { utterancesOfSpeaker[$0].count >= groupSize }.map { Int32($0) }
    var round = 0
    while present.count >= batchSpeakers {
      var stream = RandomStream(seed: seed, purpose: .batchOrder, epoch: epoch, item: round)
      append(round: stream.shuffled(present), number: round)
      round += 1
      present.removeAll { utterancesOfSpeaker[Int($0)].count < (round + 1) * groupSize }
    }
  }

  /// The speakers of a batch and their utterances, 0 ≤ step < steps.
  func groups(step: Int) -> [(speaker: Int, utterances: [Int])] {
    (step * batchSpeakers..<(step + 1) * batchSpeakers).map { slot in
      let start = starts[Int(speakers[slot])] + Int(groups[slot]) * groupSize
      return (Int(speakers[slot]), utterances[start..<start + groupSize].map { Int($0) })
    }
  }

  private mutating func append(round permutation: [Int32], number: Int) {
    var round = permutation
    let open = speakers.count % batchSpeakers
    let inBatch = Set(speakers.suffix(open))
    let head = open == 0 ? 0 : batchSpeakers - open
    // The round has at least `batchSpeakers` speakers and the batch holds only `open` of them already, so that there is
    // always a later one to swap with.
    var later = head
    for slot in 0..<head where inBatch.contains(round[slot]) {
      while inBatch.contains(round[later]) { later += 1 }
      round.swapAt(slot, later)
      later += 1
    }
    speakers += round
    groups += repeatElement(Int32(number), count: round.count)
  }
}
