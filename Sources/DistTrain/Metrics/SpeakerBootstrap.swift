import Foundation

/// Intervals of figures by resampling the speakers with replacement.
///
/// The trials of one speaker depend on each other, so that resampling trials gives intervals that are too narrow. Each
/// resample draws as many speakers as there are; a trial within a speaker counts as often as that speaker was drawn, one
/// between two speakers as often as the product of both (Owen, "The pigeonhole bootstrap", 2007; Poh and Bengio 2007
/// resample the users of biometric systems so). Intervals are widened for few speakers as Hesterberg 2015 ("What teachers
/// should know about the bootstrap") does: a normal distribution's quantiles are replaced by Student's, with the factor
/// √(n / (n − 1)) for n speakers.
package struct SpeakerBootstrap: Sendable {
  /// The lowest and highest value of an interval.
  package struct Interval: Sendable, Equatable {
    package let low: Double
    package let high: Double
  }

  /// The number of resamples.
  package let resamples: Int
  /// The share of intervals that hold the truth.
  package let level: Double
  private let speakers: TrialSpeakers
  private let seed: UInt64

  /// The fewest speakers of which intervals are given: of fewer, resamples hardly differ.
  package static let fewestSpeakers = 5

  /// - Precondition: at least `fewestSpeakers` speakers, 100 resamples, 0 < level < 1.
  package init(_ speakers: TrialSpeakers, resamples: Int = 1000, level: Double = 0.95, seed: UInt64 = 0) {
    precondition(speakers.count >= Self.fewestSpeakers && resamples >= 100 && level > 0 && level < 1)
    self.speakers = speakers
    self.resamples = resamples
    self.level = level
    self.seed = seed
  }

  /// How often each speaker was drawn.
  struct Drawn: TrialWeights {
    let counts: [Double]
    /// The speakers of each ranked trial.
    let enrolments: [Int32]
    let tests: [Int32]

    @inline(__always) func weight(_ rank: Int) -> Double {
      let (enrolment, test) = (Int(enrolments[rank]), Int(tests[rank]))
      return enrolment == test ? counts[enrolment] : counts[enrolment] * counts[test]
    }
  }

  /// The figures of every resample; nil of those without a target or without a non-target. The same for any number of
  /// threads, and resample by resample of the same speakers for all systems.
  /// - Parameters:
  ///   - trials: the trials of the list that the speakers are of.
  ///   - drawn: is told how many more resamples are done.
  package func figures(
    _ trials: RankedTrials, _ choice: DetectionFigures.Choice, drawn: WorkCounting.Advance = { _ in }
  ) -> [DetectionFigures?] {
    values(trials) {
      defer { drawn(1) }
      return trials.figures(choice, $0)
    }
  }

  /// What `value` gives for the weights of every resample, in their order.
  func values<Value: Sendable>(_ trials: RankedTrials, _ value: @Sendable (Drawn) -> Value) -> [Value] {
    precondition(trials.positions.count == speakers.tests.count, "the speakers are those of the trials")
    let enrolments = trials.positions.map { speakers.enrolments[Int($0)] }
    let tests = trials.positions.map { speakers.tests[Int($0)] }
    return ThreadTeam.shared.results(resamples) { resample in
      value(Drawn(counts: counts(resample), enrolments: enrolments, tests: tests))
    }.compactMap { try? $0.get() }
  }

  private func counts(_ resample: Int) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: .bootstrap, item: resample)
    var counts = [Double](repeating: 0, count: speakers.count)
    for _ in counts.indices { counts[stream.below(counts.count)] += 1 }
    return counts
  }

  /// How an interval is made of a value's values in all resamples (Davison and Hinkley, "Bootstrap methods and their
  /// application", 1997, chapter 5). Which one holds the truth as often as it says was found by simulation
  /// (`scripts/coverage`).
  package enum Form: Sendable {
    /// The percentiles of the resamples.
    case percentiles
    /// Student's interval of the logarithm, with the resamples' deviation; percentiles where a value is not positive.
    case logarithmic
    /// The same about the logarithm less its bias, which is the resamples' mean less the value: what is fitted to the
    /// very trials, as by isotonic regression, is too low, and in resamples lower again.
    case unbiasedLogarithmic
    /// Student's interval of the value itself, cut to 0 … 1, between which the least normalised costs lie.
    case cost
  }

  /// The interval of a value.
  /// - Parameters:
  ///   - value: the value of all trials.
  ///   - values: its values in the resamples, at least one.
  package func interval(of value: Double, _ values: [Double], _ form: Form) -> Interval {
    let number = Double(speakers.count)
    let student = NormalDistribution.studentQuantile((1 + level) / 2, degrees: number - 1)
    let width = student * (number / (number - 1)).squareRoot()
    if form == .cost, values.count > 1 {
      let reach = width * Self.moments(values).deviation
      return Interval(low: max(0, value - reach), high: min(1, value + reach))
    }
    guard form != .percentiles, values.count > 1, value > 0, values.allSatisfy({ $0 > 0 }) else {
      let sorted = values.sorted()
      let tail = NormalDistribution.probability(below: -width)
      return Interval(low: Self.quantile(sorted, tail), high: Self.quantile(sorted, 1 - tail))
    }
    let (mean, deviation) = Self.moments(values.map { log($0) })
    let centre = form == .logarithmic ? log(value) : 2 * log(value) - mean
    return Interval(low: exp(centre - width * deviation), high: exp(centre + width * deviation))
  }

  /// The share that the level of an interval by `percentiles` falls short of 1 where the interval ends at 0, up to the
  /// resample that is added: the probability, from both sides, of a value as far from 0 were it 0. It is widened as
  /// intervals are.
  /// - Parameters:
  ///   - opposed: the number of resamples on the rarer side of 0, those of 0 included. One is added to both numbers,
  ///     since a side that no resample is on is not impossible (Davison and Hinkley 1997, section 4.2.5).
  ///   - count: the number of all resamples.
  package func pValue(opposed: Int, of count: Int) -> Double {
    let share = Double(opposed + 1) / Double(count + 1)
    guard share < 0.5 else { return 1 }
    let number = Double(speakers.count)
    let distance = -NormalDistribution.quantile(share) / (number / (number - 1)).squareRoot()
    return NormalDistribution.studentProbability(beyond: distance, degrees: speakers.count - 1)
  }

  /// The mean and the deviation of values, at least two; the divisor of the squares is one less than their number.
  private static func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(values.count - 1)).squareRoot())
  }

  /// The quantile of ascending values, interpolated linearly as NumPy does by default.
  package static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = Int(place.rounded(.down))
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
  }
}
