import DistTrain
import TestTools
import Testing

@Suite("A drawn trial list")
struct TrialDrawTests {
  private static let counts = [2, 3, 10, 4, 7, 25, 2]

  @Test(
    "has the size asked for, half targets, no pair twice and none of an utterance with itself",
    arguments: [2, 9, 40, 80, 300, 1_000])
  func properties(count: Int) throws {
    let corpus = Corpus.synthetic(Self.counts)
    let trials = try TrialDraw(corpus: corpus, count: count, seed: 3).trials
    #expect(trials.count == count)
    let pairs = Self.counts.map { $0 * ($0 - 1) / 2 }
    #expect(trials.count { $0.isTarget } == min(count / 2, pairs.reduce(0, +)))
    #expect(Set(trials.map { [min($0.enrolment, $0.test), max($0.enrolment, $0.test)] }).count == count)
    for trial in trials {
      #expect(trial.enrolment != trial.test)
      let isOneSpeaker = corpus.utterances[trial.enrolment].speaker == corpus.utterances[trial.test].speaker
      #expect(isOneSpeaker == trial.isTarget)
    }
  }

  @Test("spreads targets over the speakers as evenly as their utterances allow")
  func evenTargets() throws {
    let corpus = Corpus.synthetic(Self.counts)
    let pairs = Self.counts.map { $0 * ($0 - 1) / 2 }
    for count in [14, 60, 150, 400] {
      let targets = try TrialDraw(corpus: corpus, count: count, seed: 3).trials.filter(\.isTarget)
      let shares = corpus.speakers.indices.map { speaker in
        targets.count { corpus.utterances[$0.enrolment].speaker == speaker }
      }
      let largest = shares.max()!
      for speaker in corpus.speakers.indices {
        #expect(shares[speaker] >= min(largest - 1, pairs[speaker]), "\(shares)")
      }
    }
  }

  @Test("covers all speakers with both kinds as soon as it is long enough")
  func coverage() throws {
    for speakers in [2, 3, 8, 9] {
      let corpus = Corpus.synthetic([Int](repeating: 4, count: speakers))
      let trials = try TrialDraw(corpus: corpus, count: 2 * speakers, seed: 5).trials
      for isTarget in [true, false] {
        let covered = trials.filter { $0.isTarget == isTarget }.flatMap { [$0.enrolment, $0.test] }
        #expect(Set(covered.map { corpus.utterances[$0].speaker }).count == speakers)
      }
    }
  }

  @Test("can hold every pair there is")
  func allPairs() throws {
    let corpus = Corpus.synthetic([2, 5, 40])
    let all = 47 * 46 / 2
    let trials = try TrialDraw(corpus: corpus, count: all, seed: 1).trials
    #expect(Set(trials.map { [min($0.enrolment, $0.test), max($0.enrolment, $0.test)] }).count == all)
    #expect(trials.count { !$0.isTarget } == 2 * 5 + 2 * 40 + 5 * 40)
  }

  @Test("has equal halves by default")
  func defaultCount() throws {
    let trials = try TrialDraw(corpus: .synthetic([3, 3]), count: nil, seed: 1).trials
    #expect(trials.count == 12)
    #expect(trials.count { $0.isTarget } == 6)
  }

  @Test("is the same for the same seed and another for another")
  func seeds() throws {
    let corpus = Corpus.synthetic(Self.counts)
    let first = try TrialDraw(corpus: corpus, count: 100, seed: 3)
    #expect(try TrialDraw(corpus: corpus, count: 100, seed: 3).trials == first.trials)
    #expect(try TrialDraw(corpus: corpus, count: 100, seed: 4).trials != first.trials)
    #expect(first.trials.contains { $0.isTarget } && first.trials.contains { !$0.isTarget })
    let line = try #require(first.lines(corpus).first?.split(separator: " "))
    #expect(line.count == 3 && ["target", "nontarget"].contains(line[2]))
  }

  @Test(
    "is refused where there are too few pairs or only one kind",
    arguments: [
      ([3, 3], 16, "15 pairs"), ([3, 3], 1, "ask for 2"), ([5], 4, "0 of two"), ([1, 1, 1], 2, "0 pairs of one"),
    ])
  func refused(counts: [Int], count: Int, message: String) throws {
    let failure = #expect(throws: Failure.self) {
      try TrialDraw(corpus: .synthetic(counts), count: count, seed: 1)
    }
    #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    #expect(failure?.kind == .usage)
  }
}
