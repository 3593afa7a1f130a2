import ArgumentParser
import DistTrain
import Foundation

/// How often intervals of figures hold the truth, by simulation.
struct CoverageBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "coverage",
    abstract: "The share of simulated lists whose 95 % intervals hold the true figures.",
    discussion: """
      Each list has a few utterances of each of so many speakers, whose embeddings are a speaker's and noise, of which some \
      speakers have more; all pairs are scored by their cosines. The true figures are those of a list of four million pairs \
      of other speakers.
      """)

  @OptionGroup var output: OutputOptions

  @Option(help: "The number of lists.") var draws = 1000
  @Option(help: "The speakers of a list.") var speakers = 60
  @Option(help: "The utterances of a speaker.") var utterances = 4
  @Option(help: "The size of the noise beside that of the speakers.") var noise = 0.8
  @Option(help: "The resamples of a list.") var resamples = 400
  @Option(help: "The seed.") var seed: UInt64 = 1

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    ThreadTeam.shared.grow(to: Machine.threads(communicator))
    let choice = DetectionFigures.Choice()
    let truth = try population.figures(choice).values
    let names = DetectionFigures.names(choice)
    var held = [Int](repeating: 0, count: names.count)
    for draw in 0..<draws {
      let list = list(draw)
      let bootstrap = SpeakerBootstrap(list.speakers, resamples: resamples, seed: UInt64(draw))
      for (index, row) in try FiguresWithIntervals(list.trials(), choice, bootstrap).rows.enumerated() {
        guard let interval = row.interval else { continue }
        if (interval.low...interval.high).contains(truth[index]) { held[index] += 1 }
      }
    }
    return zip(names, held).map { name, count in
      // Isotonic regression fits the very trials: its intervals hold the truth less often, and are only reported.
      Measure(
        quantity: "intervals of \(name) that hold it", value: 100 * Double(count) / Double(draws), unit: "%",
        bound: name == "minCllr" ? nil : .within(93...97))
    } + [Measure(quantity: "true EER", value: truth[0], unit: "%")]
  }

  private static let dimensions = 24

  /// Trials and what they are of.
  private struct List {
    var scores: [Float] = []
    var targets: [Bool] = []
    var pairs: [(enrolment: Int, test: Int)] = []
    var speakersOfNames: [Int] = []

    var speakers: TrialSpeakers { TrialSpeakers(pairs: pairs, speakers: speakersOfNames) }
    func trials() throws -> RankedTrials { try RankedTrials(scores: scores, targets: targets) }
  }

  /// All pairs of a list's utterances.
  private func list(_ draw: Int) -> List {
    var stream = RandomStream(seed: seed, purpose: .test, item: draw + 1)
    let embeddings = (0..<speakers).flatMap { _ in speaker(utterances, &stream) }
    var list = List(speakersOfNames: embeddings.indices.map { $0 / utterances })
    for enrolment in embeddings.indices {
      for test in embeddings.indices.dropFirst(enrolment + 1) {
        list.pairs.append((enrolment, test))
        list.scores.append(TrialScorer.cosine(embeddings[enrolment], embeddings[test]))
        list.targets.append(enrolment / utterances == test / utterances)
      }
    }
    return list
  }

  /// Half targets and half non-targets, each of speakers of its own.
  private var population: RankedTrials {
    get throws {
      var stream = RandomStream(seed: seed, purpose: .test)
      var list = List()
      for index in 0..<4_000_000 {
        let isTarget = index % 2 == 0
        let first = speaker(2, &stream)
        let second = isTarget ? first[1] : speaker(1, &stream)[0]
        list.scores.append(TrialScorer.cosine(first[0], second))
        list.targets.append(isTarget)
      }
      return try list.trials()
    }
  }

  /// Utterances of a new speaker.
  private func speaker(_ utterances: Int, _ stream: inout RandomStream) -> [[Float]] {
    let own = (0..<Self.dimensions).map { _ in stream.normal() }
    let spread = noise * exp(0.3 * stream.normal())
    return (0..<utterances).map { _ in own.map { Float($0 + spread * stream.normal()) } }
  }
}
