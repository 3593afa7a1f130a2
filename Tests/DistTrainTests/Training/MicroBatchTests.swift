import DistTrain
import TestTools
import Testing

/// Steps whose batches go through the encoder in parts.
@Suite struct MicroBatchTests {
  @Test(arguments: [
    ["batch.microBatches=2"], ["batch.microBatches=3", "weighting.space=representation"],
    ["batch.microBatches=6", "encoder.batchNormalization=local"], ["batch.microBatches=4", "batch.unit=3"],
  ])
  func `micro-batches that keep their activations give the bits of those that go forth twice`(settings: [String]) throws
  {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(settings)
    let whole = try Self.train(corpus, corpus.configuration(), SoleCommunicator())
    let twice = try Self.train(corpus, configuration, SoleCommunicator())
    let kept = try Self.train(corpus, configuration, SoleCommunicator(), keepsActivations: true)
    #expect(kept.losses == twice.losses && kept.parameters == twice.parameters && kept.statistics == twice.statistics)
    // Each is normalised by statistics of its own.
    #expect(whole.losses != twice.losses)
    // The mean of two ranks' own statistics is another order of sums.
    guard configuration.batch.units >= 2 * configuration.batch.microBatches else { return }
    for rank in try ThreadCommunicator.run(ranks: 2, { try Self.train(corpus, configuration, $0) }) {
      #expect(rank.losses == twice.losses && rank.parameters == twice.parameters)
      #expect(rank.statistics == twice.statistics)
    }
  }

  @Test func `micro-batches change rounding alone where nothing is normalised by its batch`() throws {
    let corpus = try NoiseCorpus()
    let frozen = "training.frozen=[\(Self.normalisations.joined(separator: ", "))]"
    let start = try corpus.trainer(corpus.configuration()).parameters.values
    func way(_ end: [Float]) -> [Float] { zip(start, end).map { $1 - $0 } }
    let outcomes = try [1, 2, 3].map { count in
      try Self.train(corpus, corpus.configuration([frozen, "batch.microBatches=\(count)"]), SoleCommunicator())
    }
    for outcome in outcomes.dropFirst() {
      for (one, other) in zip(outcomes[0].losses, outcome.losses) { #expect(abs(one - other) < 1e-4 * one) }
      #expect(relativeDistance(way(outcome.parameters), way(outcomes[0].parameters)) < 1e-3)
      #expect(outcome.statistics == outcomes[0].statistics)
    }
  }

  /// The names of the layers that normalise, which frozen go by their running statistics.
  private static var normalisations: [String] {
    let names = NoiseCorpus.encoder.layout.statistics.parameters.map(\.name).filter { $0.hasSuffix(".running_mean") }
    return names.map { String($0.dropLast(".running_mean".count)) }
  }

  @Test func `a batch in memory that has fewer units than micro-batches goes in fewer`() throws {
    let corpus = try NoiseCorpus()
    let trainer = try corpus.trainer(corpus.configuration(["batch.microBatches=4"]))
    let features = Matrix.zeros(rows: NoiseCorpus.bins, columns: 4 * 38)
    for index in 0..<features.count { features.pointer[index] = Float(index % 17) }
    let metrics = try trainer.learn(features, speakers: [0, 0, 1, 1])
    #expect(metrics["classification"].loss.isFinite && trainer.step == 1)
  }

  private struct Trained {
    let losses: [Double]
    let parameters: [Float]
    let statistics: [Float]
  }

  private static func train(
    _ corpus: NoiseCorpus, _ configuration: Configuration, _ communicator: any Communicator,
    keepsActivations: Bool = false
  ) throws -> Trained {
    let trainer = try corpus.trainer(configuration, communicator: communicator)
    trainer.keepsActivations = keepsActivations
    let metrics = try (0..<3).map { _ in try trainer.advance().metrics }
    return Trained(
      losses: metrics.flatMap { [$0["classification"].loss, $0["contrastive"].loss] },
      parameters: trainer.parameters.values, statistics: trainer.statistics.values)
  }
}
