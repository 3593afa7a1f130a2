/// Trials drawn from a corpus: pairs of utterances of one speaker (targets) and of two speakers (non-targets). No pair
/// comes twice, in either order.
package struct TrialDraw: Sendable {
  /// A pair of utterances.
  package struct Trial: Sendable, Equatable {
    /// The position of the enrolment in `Corpus.utterances`.
    package let enrolment: Int
    /// The position of the test in `Corpus.utterances`.
    package let test: Int
    /// Whether both are of one speaker.
    package let isTarget: Bool
  }

  /// The trials in random order.
  package let trials: [Trial]

  /// Draws `count` trials, half of them (rounded down) targets where the corpus has as many. The trials are the same
  /// for the same corpus, count and seed.
  ///
  /// Each speaker's share of the targets is as even as the number of the speaker's pairs allows. Non-targets go through
  /// the speakers in random rounds, so that each comes about equally often.
  /// - Parameter count: the number of trials; nil draws 20,000, or as many as keep the halves equal where these are
  ///   fewer.
  /// - Throws: `Failure(.usage)` where there are too few pairs or no pair of one kind.
  package init(corpus: Corpus, count: Int?, seed: UInt64) throws {
    let pairs = corpus.utterancesOfSpeaker.map { $0.count * ($0.count - 1) / 2 }
    let targetPairs = pairs.reduce(0, +)
    let allPairs = corpus.utterances.count * (corpus.utterances.count - 1) / 2
    let nonTargetPairs = allPairs - targetPairs
    guard targetPairs > 0, nonTargetPairs > 0 else {
      throw Failure(
        .usage,
        "a trial list needs targets and non-targets: the \(corpus.speakers.count.counted("speaker")) to evaluate on "
          + "give \(targetPairs.counted("pair")) of one speaker and \(nonTargetPairs) of two")
    }
    let count = count ?? min(20_000, 2 * min(targetPairs, nonTargetPairs))
    guard (2...allPairs).contains(count) else {
      throw Failure(
        .usage,
        "--trials \(count): the speakers to evaluate on give \(allPairs.counted("pair")), \(targetPairs) of one "
          + "speaker and \(nonTargetPairs) of two; ask for 2 to \(allPairs)")
    }
    let nonTargets = min(count - min(count / 2, targetPairs), nonTargetPairs)
    var stream = RandomStream(seed: seed, purpose: .trials)
    let shares = Self.shares(of: count - nonTargets, capacities: pairs, stream: &stream)
    let drawn =
      Self.targets(corpus, shares: shares, pairs: pairs, seed: seed) + Self.nonTargets(corpus, nonTargets, seed: seed)
    trials = stream.shuffled(drawn)
  }

  /// The lines of a Kaldi trial list: `enrolment test target|nontarget`.
  package func lines(_ corpus: Corpus) -> [String] {
    trials.map { trial in
      let enrolment = corpus.utterances[trial.enrolment].id
      return "\(enrolment) \(corpus.utterances[trial.test].id) \(trial.isTarget ? "target" : "nontarget")"
    }
  }

  /// Splits a total as evenly as the capacities allow; chance decides who gets one more.
  private static func shares(of total: Int, capacities: [Int], stream: inout RandomStream) -> [Int] {
    var shares = [Int](repeating: 0, count: capacities.count)
    var left = total
    var open = capacities.indices.filter { capacities[$0] > 0 }
    while left >= open.count, left > 0 {
      let each = left / open.count
      for speaker in open {
        let more = min(each, capacities[speaker] - shares[speaker])
        shares[speaker] += more
        left -= more
      }
      open.removeAll { shares[$0] == capacities[$0] }
    }
    for speaker in stream.shuffled(open).prefix(left) { shares[speaker] += 1 }
    return shares
  }

  private static func targets(_ corpus: Corpus, shares: [Int], pairs: [Int], seed: UInt64) -> [Trial] {
    corpus.speakers.indices.flatMap { speaker in
      var stream = RandomStream(seed: seed, purpose: .trials, epoch: 1, item: speaker)
      let own = corpus.utterancesOfSpeaker[speaker]
      return distinct(shares[speaker], below: pairs[speaker], stream: &stream).map { number in
        let (larger, smaller) = pair(number)
        let isSwapped = stream.below(2) == 1
        return Trial(
          enrolment: own[isSwapped ? larger : smaller], test: own[isSwapped ? smaller : larger], isTarget: true)
      }
    }
  }

  /// Distinct numbers below a bound, in the order in which they were drawn (Floyd 1987).
  private static func distinct(_ count: Int, below bound: Int, stream: inout RandomStream) -> [Int] {
    var seen = Set<Int>()
    return (bound - count..<bound).map { last in
      let drawn = stream.below(last + 1)
      let number = seen.insert(drawn).inserted ? drawn : last
      seen.insert(number)
      return number
    }
  }

  /// The pair with a number, where the pairs are counted as (1, 0), (2, 0), (2, 1), (3, 0) …
  private static func pair(_ number: Int) -> (larger: Int, smaller: Int) {
    var larger = Int((1 + (1 + 8 * Double(number)).squareRoot()) / 2)
    while larger * (larger - 1) / 2 > number { larger -= 1 }
    while (larger + 1) * larger / 2 <= number { larger += 1 }
    return (larger, number - larger * (larger - 1) / 2)
  }

  private static func nonTargets(_ corpus: Corpus, _ count: Int, seed: UInt64) -> [Trial] {
    var seen = Set<Int>()
    var trials: [Trial] = []
    func add(_ enrolment: Int, _ test: Int) -> Bool {
      let key = min(enrolment, test) * corpus.utterances.count + max(enrolment, test)
      guard seen.insert(key).inserted else { return false }
      trials.append(Trial(enrolment: enrolment, test: test, isTarget: false))
      return true
    }
    for round in 0... {
      var stream = RandomStream(seed: seed, purpose: .trials, epoch: 2, item: round)
      let order = stream.shuffled(corpus.speakers.indices)
      let before = trials.count
      for first in stride(from: 0, to: order.count, by: 2) where trials.count < count {
        let enrolments = corpus.utterancesOfSpeaker[order[first]]
        let tests = corpus.utterancesOfSpeaker[order[(first + 1) % order.count]]
        _ = (0..<32).contains { _ in
          add(enrolments[stream.below(enrolments.count)], tests[stream.below(tests.count)])
        }
      }
      guard trials.count < count else { return trials }
      // Nearly all pairs are taken, and draws find no new ones: the rest is taken from a list of all pairs.
      guard trials.count == before else { continue }
      for (enrolment, test) in stream.shuffled(pairsOfTwo(corpus)) where trials.count < count {
        _ = add(enrolment, test)
      }
      return trials
    }
    return trials
  }

  private static func pairsOfTwo(_ corpus: Corpus) -> [(Int, Int)] {
    let speakers = corpus.utterances.map(\.speaker)
    return speakers.indices.flatMap { first in
      (first + 1..<speakers.count).compactMap { second in
        speakers[first] == speakers[second] ? nil : (first, second)
      }
    }
  }
}
