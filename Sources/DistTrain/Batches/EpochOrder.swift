/// The order in which an epoch goes through a corpus: each speaker's utterances in a random order, cut into groups of
/// `groupSize`, and the speakers in rounds. A speaker that gives more groups than its utterances make goes through them
/// again, in another order.
///
/// Round r is a random permutation of the speakers that have an r-th group. The rounds follow one another and are cut
/// into batches of `batchSpeakers`. Where a batch spans two rounds, speakers that the first of them already gave are
/// swapped with later ones of the second. The epoch ends with the last round that has enough speakers to fill a batch.
struct EpochOrder: Sendable {
  private let groupSize: Int
  private let batchSpeakers: Int
  /// The speakers of all batches, one batch after another.
  private var speakers: [Int32] = []
  /// The group that each of these speakers gives there.
  private var groups: [Int32] = []
  /// The utterances of all groups, one speaker after another.
  private var utterances: [Int32] = []
  /// The index in `utterances` at which the groups of each speaker begin.
  private var starts: [Int] = []
  /// The number of groups that each speaker's utterances make.
  private var groupsOfPass: [Int] = []

  var steps: Int { speakers.count / batchSpeakers }

  /// - Parameters:
  ///   - groupCounts: the most groups that each speaker gives.
  ///   - sessions: a number for each utterance that utterances of the same session share. The utterances of a group are
  ///     of different sessions as far as there are such. If it is nil, sessions don't matter.
  init(
    utterancesOfSpeaker: SpeakerUtterances, groupCounts: [Int], batchSpeakers: Int, groupSize: Int,
    sessions: [Int32]? = nil, seed: UInt64, epoch: Int
  ) {
    self.groupSize = groupSize
    self.batchSpeakers = batchSpeakers
    let rounds = groupCounts.sorted(by: >)[batchSpeakers - 1]
    for (speaker, own) in utterancesOfSpeaker.enumerated() {
      starts.append(utterances.count)
      groupsOfPass.append(own.count / groupSize)
      let wanted = min(groupCounts[speaker], rounds)
      for pass in 0..<(wanted + groupsOfPass[speaker] - 1) / groupsOfPass[speaker] {
        var stream = RandomStream(
          seed: seed, purpose: .speakerOrder, epoch: epoch, item: speaker, occurrence: pass)
        var order = stream.shuffled(own.map { Int32($0) })
        if let sessions { order = Self.apart(order, sessions, groupSize: groupSize, &stream) }
        utterances += order.prefix(groupsOfPass[speaker] * groupSize)
      }
    }
    var present = utterancesOfSpeaker.indices.filter { groupCounts[$0] > 0 }.map { Int32($0) }
    var round = 0
    while present.count >= batchSpeakers {
      var stream = RandomStream(seed: seed, purpose: .batchOrder, epoch: epoch, item: round)
      append(round: stream.shuffled(present), number: round)
      round += 1
      present.removeAll { groupCounts[Int($0)] <= round }
    }
  }

  /// The utterances in another order, whose groups are of different sessions where possible: each group takes its
  /// utterances from the sessions that have most left. The groups come in random order.
  private static func apart(
    _ order: [Int32], _ sessions: [Int32], groupSize: Int, _ stream: inout RandomStream
  ) -> [Int32] {
    var left: [[Int32]] = []
    var places: [Int32: Int] = [:]
    for utterance in order {
      let session = sessions[Int(utterance)]
      if let place = places[session] {
        left[place].append(utterance)
      } else {
        places[session] = left.count
        left.append([utterance])
      }
    }
    let groups = (0..<order.count / groupSize).map { _ in
      var group: [Int32] = []
      while group.count < groupSize {
        let most = left.indices.sorted { (left[$1].count, $0) < (left[$0].count, $1) }
        for place in most.prefix(groupSize - group.count) where !left[place].isEmpty {
          group.append(left[place].removeLast())
        }
      }
      return group
    }
    return stream.shuffled(groups).flatMap { $0 }
  }

  /// The speakers of a batch, with the utterances of their groups and the number of times that the epoch drew these
  /// before. The step is within 0 ..< `steps`.
  func groups(step: Int) -> [(speaker: Int, utterances: [Int], occurrence: Int)] {
    (step * batchSpeakers..<(step + 1) * batchSpeakers).map { slot in
      let speaker = Int(speakers[slot])
      let start = starts[speaker] + Int(groups[slot]) * groupSize
      return (
        speaker, utterances[start..<start + groupSize].map { Int($0) }, Int(groups[slot]) / groupsOfPass[speaker]
      )
    }
  }

  private mutating func append(round permutation: [Int32], number: Int) {
    var round = permutation
    let open = speakers.count % batchSpeakers
    let inBatch = Set(speakers.suffix(open))
    let head = open == 0 ? 0 : batchSpeakers - open
    // The round has at least `batchSpeakers` speakers and the batch holds only `open` of them already, so there is
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
