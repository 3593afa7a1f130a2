import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct SpeakerBootstrapTests {
  /// Trials among speakers of a few utterances each, whose scores depend on both speakers.
  private struct Draw {
    var pairs: [(enrolment: Int, test: Int)] = []
    var targets: [Bool] = []
    var scores: [Float] = []
    let speakerOfName: [Int]

    init(speakers: Int, utterances: Int = 3, seed: UInt64 = 1, noise: Double = 0.5) {
      var stream = RandomStream(seed: seed, purpose: .test)
      speakerOfName = (0..<speakers * utterances).map { $0 / utterances }
      let vectors = (0..<speakers).map { _ in [stream.normal(), stream.normal(), stream.normal()] }
      let heard = speakerOfName.map { speaker in vectors[speaker].map { $0 + noise * stream.normal() } }
      for enrolment in heard.indices {
        for test in enrolment + 1..<heard.count {
          pairs.append((enrolment, test))
          targets.append(speakerOfName[enrolment] == speakerOfName[test])
          scores.append(Float(zip(heard[enrolment], heard[test]).reduce(0) { $0 + $1.0 * $1.1 }))
        }
      }
    }

    var speakers: TrialSpeakers { TrialSpeakers(pairs: pairs, speakers: speakerOfName) }
    func ranked(_ scores: [Float]? = nil) throws -> RankedTrials {
      try RankedTrials(scores: scores ?? self.scores, targets: targets)
    }
  }

  @Test func `a resample is the list with its trials repeated as its speakers were drawn`() throws {
    let draw = Draw(speakers: 8)
    let bootstrap = SpeakerBootstrap(draw.speakers, resamples: 100, seed: 3)
    let choice = DetectionFigures.Choice(areLikelihoodRatios: true)
    let figures = bootstrap.figures(try draw.ranked(), choice)
    for resample in [0, 57] {
      var stream = RandomStream(seed: 3, purpose: .bootstrap, item: resample)
      var counts = [Int](repeating: 0, count: 8)
      for _ in 0..<8 { counts[stream.below(8)] += 1 }
      var scores: [Float] = []
      var targets: [Bool] = []
      for (index, pair) in draw.pairs.enumerated() {
        let (first, second) = (draw.speakerOfName[pair.enrolment], draw.speakerOfName[pair.test])
        let times = first == second ? counts[first] : counts[first] * counts[second]
        scores += Array(repeating: draw.scores[index], count: times)
        targets += Array(repeating: draw.targets[index], count: times)
      }
      let repeated = try RankedTrials(scores: scores, targets: targets).figures(choice)
      let values = try #require(figures[resample]).values
      for (value, expected) in zip(values, repeated.values) { #expect(abs(value - expected) < 1e-9) }
    }
  }

  @Test func `intervals are the same for any number of threads and tell seeds apart`() throws {
    let draw = Draw(speakers: 12)
    let ranked = try draw.ranked()
    let alone = SpeakerBootstrap(draw.speakers, resamples: 200).figures(ranked, .init())
    ThreadTeam.shared.grow(to: 3)
    #expect(SpeakerBootstrap(draw.speakers, resamples: 200).figures(ranked, .init()) == alone)
    #expect(SpeakerBootstrap(draw.speakers, resamples: 200, seed: 1).figures(ranked, .init()) != alone)
  }

  @Test func `each resample is counted, for figures, for a comparison and for a threshold`() throws {
    let draw = Draw(speakers: 12)
    let ranked = try draw.ranked()
    let shown = CountedWork()
    let bootstrap = SpeakerBootstrap(draw.speakers, resamples: 100)
    _ = try FiguresWithIntervals(ranked, .init(), bootstrap, counting: shown.counting)
    _ = try SystemComparison(ranked, ranked, .init(), bootstrap, counting: shown.counting)
    _ = try DecisionThreshold(
      ranked, speakers: draw.speakers, falseAccepts: 0.1, resamples: 150, counting: shown.counting)
    #expect(
      shown.works == [
        .init("resamples drawn", count: 100, done: 100, isOver: true),
        .init("resamples of both systems drawn", count: 200, done: 200, isOver: true),
        .init("resamples drawn", count: 150, done: 150, isOver: true),
      ])
    _ = try FiguresWithIntervals(ranked, .init(), nil, counting: shown.counting)
    #expect(shown.works.count == 3)
  }

  @Test func `speakers are wider apart than trials: resampling trials would be too narrow`() throws {
    let draw = Draw(speakers: 15, utterances: 6)
    let bootstrap = SpeakerBootstrap(draw.speakers)
    let ranked = try draw.ranked()
    let rows = try FiguresWithIntervals(ranked, .init(), bootstrap).rows
    let interval = try #require(rows[0].interval)
    #expect(rows[0].name == "EER" && rows[0].value == ranked.figures(.init()).eer)
    #expect(interval.low < rows[0].value && rows[0].value < interval.high)
    // The binomial interval of as many independent targets.
    let share = rows[0].value / 100
    let binomial = 100 * 2 * 1.96 * (share * (1 - share) / Double(ranked.targets)).squareRoot()
    #expect(interval.high - interval.low > 1.3 * binomial)
    #expect(try FiguresWithIntervals(ranked, .init(), nil).rows.allSatisfy { $0.interval == nil })
  }

  @Test func `percentiles are NumPy's, widened for few speakers`() {
    #expect(SpeakerBootstrap.quantile([1, 2, 4, 8], 0.5) == 3)
    #expect(SpeakerBootstrap.quantile([1, 2, 4, 8], 0.1) == 1.3)
    #expect(SpeakerBootstrap.quantile([5], 0.9) == 5)
    let values = (0...1000).map(Double.init)
    func interval(_ speakers: Int) -> SpeakerBootstrap.Interval {
      let pairs = (0..<speakers).map { (enrolment: $0, test: $0) }
      return SpeakerBootstrap(TrialSpeakers(pairs: pairs, speakers: Array(0..<speakers)))
        .interval(of: 500, values, .percentiles)
    }
    // Of 20 speakers, Φ(-√(20/19) · t₁₉) with t₁₉(0.975) = 2.0930 is 0.01589; of many, 0.025.
    #expect(abs(interval(20).low - 15.89) < 0.05)
    #expect(abs(interval(20).high - 984.11) < 0.05)
    #expect(abs(interval(20_000).low - 25) < 0.02)
  }

  @Test func `intervals of logarithms are Student's, about the value or about it less its bias`() {
    let pairs = (0..<20).map { (enrolment: $0, test: $0) }
    let bootstrap = SpeakerBootstrap(TrialSpeakers(pairs: pairs, speakers: Array(0..<20)))
    // Logarithms of mean 1 and deviation √2.
    let values = [exp(0.0), exp(2.0)]
    let width = 2.0930 * (20.0 / 19).squareRoot() * 2.0.squareRoot()
    let about = bootstrap.interval(of: exp(1.5), values, .logarithmic)
    #expect(abs(log(about.low) - 1.5 + width) < 0.005 && abs(log(about.high) - 1.5 - width) < 0.005)
    let unbiased = bootstrap.interval(of: exp(1.5), values, .unbiasedLogarithmic)
    #expect(abs(log(unbiased.low) - 2 + width) < 0.005 && abs(log(unbiased.high) - 2 - width) < 0.005)
    let zeros = bootstrap.interval(of: 1, [0, 1, 2], .logarithmic)
    #expect(zeros == bootstrap.interval(of: 1, [0, 1, 2], .percentiles))
  }

  @Test func `intervals of least costs are Student's of the costs, between 0 and 1`() throws {
    let pairs = (0..<20).map { (enrolment: $0, test: $0) }
    let bootstrap = SpeakerBootstrap(TrialSpeakers(pairs: pairs, speakers: Array(0..<20)))
    // A deviation of 0.1 · √2 about another mean.
    let width = 2.0930 * (20.0 / 19).squareRoot() * 0.1 * 2.0.squareRoot()
    let about = bootstrap.interval(of: 0.5, [0.4, 0.6], .cost)
    #expect(abs(about.low - 0.5 + width) < 0.001 && abs(about.high - 0.5 - width) < 0.001)
    let low = bootstrap.interval(of: 0.1, [0.2, 0.4], .cost)
    #expect(low.low == 0 && abs(low.high - 0.1 - width) < 0.001)
    #expect(bootstrap.interval(of: 0.9, [0.2, 0.4], .cost).high == 1)
    let draw = Draw(speakers: 12)
    let own = SpeakerBootstrap(draw.speakers, resamples: 200)
    let ranked = try draw.ranked()
    let rows = try FiguresWithIntervals(ranked, .init(), own).rows
    let costs = own.figures(ranked, .init()).compactMap { $0?.minDCF[0] }
    #expect(rows[1].name == "minDCF(0.01)")
    #expect(rows[1].interval == own.interval(of: rows[1].value, costs, .cost))
  }

  @Test func `equal systems do not differ, a better one does`() throws {
    let draw = Draw(speakers: 20, utterances: 4)
    let bootstrap = SpeakerBootstrap(draw.speakers, resamples: 400)
    let ranked = try draw.ranked()
    let equal = try SystemComparison(ranked, ranked, .init(), bootstrap).differences
    #expect(equal.allSatisfy { $0.value == 0 && $0.interval.low == 0 && $0.interval.high == 0 && $0.p == 1 })
    let noisy = Draw(speakers: 20, utterances: 4, noise: 3)
    let worse = try SystemComparison(ranked, try draw.ranked(noisy.scores), .init(), bootstrap).differences[0]
    #expect(worse.value > 0 && worse.interval.low > 0)
    // SciPy 1.x: 2 t.sf(-norm.ppf(1 / 401) / sqrt(20 / 19), 19).
    #expect(abs(worse.p - 0.013106094950313906) < 1e-9)
    let better = try SystemComparison(try draw.ranked(noisy.scores), ranked, .init(), bootstrap).differences[0]
    #expect(better.value == -worse.value && better.interval.high < 0 && better.p == worse.p)
  }

  @Test func `a difference is improbable at a level just where the interval of that level has no 0`() {
    for (speakers, count) in [(5, 400), (6, 1000), (12, 1000), (200, 2000)] {
      let draw = Draw(speakers: speakers)
      for opposed in [20, 60, 97, 150] where opposed < count / 2 {
        let values = (0..<count).map { Double($0 - opposed) + 0.5 }
        let p = SpeakerBootstrap(draw.speakers, resamples: count).pValue(opposed: opposed, of: count)
        func excludes(_ level: Double) -> Bool {
          let bootstrap = SpeakerBootstrap(draw.speakers, resamples: count, level: level)
          return bootstrap.interval(of: 1, values, .percentiles).low > 0
        }
        // What is added to the numbers of resamples, and the expansion by which intervals have Student's quantiles.
        let slack = 0.02
        let (lower, higher) = (max(0.01, 1 - p - slack), min(0.9999, 1 - p + slack))
        #expect(excludes(lower) && !excludes(higher), "\(speakers) \(opposed) \(p)")
      }
    }
  }

  @Test func `a p-value is SciPy's for the share that is widened for few speakers, and at most 1`() {
    let wanted: [(speakers: Int, opposed: Int, p: Double)] = [
      (6, 97, 0.29075461654891516), (12, 336, 0.6942141370530059), (12, 210, 0.4578190676219188),
      (12, 500, 1), (6, 1000, 1),
    ]
    for one in wanted {
      let bootstrap = SpeakerBootstrap(Draw(speakers: one.speakers).speakers, resamples: 1000)
      #expect(abs(bootstrap.pValue(opposed: one.opposed, of: 1000) - one.p) < 1e-9, "\(one)")
    }
  }

  @Test func `the probability beyond a value of Student's distribution is SciPy's, of odd and even degrees`() {
    let wanted: [(degrees: Int, x: Double, p: Double)] = [
      (1, 1, 0.5), (2, 0.5, 0.6666666666666667), (3, 2.2, 0.11517195197647068), (5, -1.18, 0.29107719667290893),
      (8, 2.306, 0.050000322761284174), (19, 2.093, 0.05000237894282798), (60, 0.3, 0.7652140752134595),
      (1999, 3.1, 0.001962185856014187), (7, 0, 1),
    ]
    for one in wanted {
      let p = NormalDistribution.studentProbability(beyond: one.x, degrees: one.degrees)
      #expect(abs(p - one.p) < 1e-12, "\(one) \(p)")
    }
  }

  @Test func `answers tell the speakers: what targets join, directly or over others`() {
    let pairs = [(0, 1), (2, 3), (1, 2), (4, 0), (5, 6)].map { (enrolment: $0.0, test: $0.1) }
    let speakers = TrialSpeakers(pairs: pairs, targets: [true, true, true, false, false], names: 7)
    #expect(speakers.count == 4)
    #expect(speakers.enrolments == [0, 0, 0, 1, 2])
    #expect(speakers.tests == [0, 0, 0, 0, 3])
    let late = [(0, 3), (1, 3), (1, 2)].map { (enrolment: $0.0, test: $0.1) }
    let joined = TrialSpeakers(pairs: late, targets: [true, true, false], names: 4)
    #expect(joined.enrolments == [0, 0, 0] && joined.tests == [0, 0, 1])
  }

  @Test func `normal and Student's quantiles are the tables'`() {
    for (share, value) in [(0.975, 1.959964), (0.5, 0), (0.025, -1.959964), (0.0001, -3.719016)] {
      #expect(abs(NormalDistribution.quantile(share) - value) < 1e-6)
      #expect(abs(NormalDistribution.probability(below: value) - share) < 1e-6)
    }
    for (degrees, value) in [(8.0, 2.3060), (19, 2.0930), (59, 2.0010), (1000, 1.9623)] {
      #expect(abs(NormalDistribution.studentQuantile(0.975, degrees: degrees) - value) < 0.002)
    }
  }
}
