import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct TrainerStepTests {
  /// Adam's ε keeps parameters whose gradient is rounding alone from following it at full speed.
  static let cases: [[String]] = [
    ["optimizer.gradientNorm=null", "schedule.learningRate.initial=0.0001"],
    ["optimizer.gradientNorm=2", "schedule.margin.type=linear", "schedule.margin.end=5"],
    ["weighting.space=representation", "contrastive.attention.warmup=3", "schedule.learningRate.warmup=4"],
    ["weighting.method=fixed", "weighting.classification=0.3", "weighting.contrastive=2"],
    [
      "optimizer.type=adamw", "optimizer.weightDecay=5", "optimizer.epsilon=0.01", "classification.subcenters=2",
      "schedule.learningRate.initial=0.0005",
    ],
    ["batch.microBatches=2", "schedule.learningRate.initial=0.0001"],
    ["batch.microBatches=2", "weighting.space=representation", "schedule.learningRate.initial=0.0001"],
  ]

  @Test(arguments: cases)
  func `steps are their parts, put together by hand`(settings: [String]) throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(settings)
    let trainer = try corpus.trainer(configuration)
    let start = trainer.parameters.values
    var expected = StepByHand(configuration, trainer)
    for step in 0..<3 {
      let metrics = try trainer.advance().metrics
      let (losses, weights, norms, cosine) = try expected.advance()
      #expect(abs(metrics["classification"].loss - losses[0]) < 1e-5 * losses[0], "step \(step)")
      #expect(abs(metrics["contrastive"].loss - losses[1]) < 1e-5 * losses[1], "step \(step)")
      #expect(abs(metrics.alpha - weights[0] / (weights[0] + weights[1])) < 1e-4, "step \(step)")
      #expect(abs(metrics["classification"].gradientNorm - norms[0]) < 1e-4 * norms[0], "step \(step)")
      #expect(abs(metrics["contrastive"].gradientNorm - norms[1]) < 1e-4 * norms[1], "step \(step)")
      #expect(abs(metrics.gradientCosines[0] - cosine) < 1e-4, "step \(step)")
      #expect(metrics.learningRate == configuration.learningRateSchedule.rate(at: step))
      #expect(metrics.margin == configuration.marginSchedule.margin(at: step))
      let ways = [trainer.parameters, expected.parameters].map { Self.way(from: start, to: $0.values) }
      #expect(relativeDistance(ways[0], ways[1]) < 1e-3, "step \(step)")
      #expect(relativeDistance(trainer.statistics.values, expected.statistics.values) < 1e-5, "step \(step)")
    }
  }

  @Test(arguments: cases + [["contrastive.attention.stopGradient=false"], ["contrastive.attention.mode=logit"]])
  func `the steps of three ranks are those of one, an utterance that cannot be read included`(
    settings: [String]
  ) throws {
    let corpus = try NoiseCorpus(missing: "s1-u2")
    let configuration = try corpus.configuration(settings + ["batch.speakers=4"])
    let start = try corpus.trainer(configuration).parameters.values
    let alone = try Self.train(corpus, configuration, SoleCommunicator())
    #expect(alone.unreadable.count == 1)
    let together = try ThreadCommunicator.run(ranks: 3) { try Self.train(corpus, configuration, $0) }
    for rank in together {
      #expect(rank.unreadable == alone.unreadable)
      for (one, all) in zip(alone.losses, rank.losses) { #expect(abs(one - all) < 5e-4 * one) }
      let ways = [rank, alone].map { Self.way(from: start, to: $0.parameters) }
      #expect(relativeDistance(ways[0], ways[1]) < 5e-3)
      #expect(relativeDistance(rank.statistics, alone.statistics) < 1e-4)
      #expect(rank.parameters == together[0].parameters && rank.ranksAgree)
    }
  }

  @Test func `the steps of three ranks are those of one where noises cannot be read, and all ranks know which`() throws
  {
    let (corpus, noises) = (try NoiseCorpus(), try TestFolder())
    for name in ["b.wav", "d.wav"] { try noises.writeTone(name) }
    for name in ["a.wav", "c.wav"] { try noises.write(name, "no audio") }
    let settings = ["batch.speakers=4", "augmentation={noise: \(noises.path), probability: 1}"]
    let configuration = try corpus.configuration(settings)
    @Sendable func train(_ communicator: any Communicator) throws -> (
      parameters: [Float], unreadable: [RecordingPlace], told: Int
    ) {
      let trainer = try corpus.trainer(configuration, communicator: communicator)
      let told = try (0..<4).reduce(0) { sum, _ in try sum + trainer.advance().unreadableRecordings.count }
      return (trainer.parameters.values, trainer.batches.unreadableRecordings, told)
    }
    let alone = try train(SoleCommunicator())
    #expect(Set(alone.unreadable.map(\.index)) == [0, 2] && alone.told == 2)
    for rank in try ThreadCommunicator.run(ranks: 3, { try train($0) }) {
      #expect(rank.parameters == alone.parameters)
      #expect(rank.unreadable == alone.unreadable && rank.told == 2)
    }
  }

  @Test func `all ranks know which utterances any heard as the mean of channels, each once at whatever speed`() throws {
    let (corpus, audio) = (try NoiseCorpus(), try GeneratedAudio())
    let sides = [0, 1].map { GeneratedAudio.lively(seconds: 0.7, item: $0) }
    let several = ["s0-u1", "s2-u3"]
    for id in several {
      try FileManager.default.removeItem(atPath: corpus.folder.path("\(id).wav"))
      try FileManager.default.moveItem(
        atPath: audio.write(sides, as: .floatWav), toPath: corpus.folder.path("\(id).wav"))
    }
    let settings = ["augmentation={speed: {factors: [0.9, 1, 1.1], asSpeakers: true}}", "training.steps=24"]
    let configuration = try corpus.configuration(settings)
    @Sendable func train(_ communicator: any Communicator) throws -> (
      told: [AveragedUtterance], ids: [String], count: Int
    ) {
      let trainer = try corpus.trainer(configuration, communicator: communicator)
      let told = try (0..<24).flatMap { _ in try trainer.advance().averaged }
      let ids = told.map { trainer.batches.source.corpus.listedID($0.utterance) }
      return (told, ids.sorted(), trainer.batches.averaged.count)
    }
    let alone = try train(SoleCommunicator())
    #expect(alone.ids == several && alone.count == 2 && alone.told.allSatisfy { $0.channels == 2 })
    for rank in try ThreadCommunicator.run(ranks: 3, { try train($0) }) {
      #expect(rank.told == alone.told && rank.ids == alone.ids && rank.count == alone.count)
    }
  }

  @Test func `a rank's own running means become the mean of the ranks'`() throws {
    let corpus = try NoiseCorpus()
    func means(_ settings: [String]) throws -> [[Float]] {
      let configuration = try corpus.configuration(settings + ["training.steps=1"])
      let first = try #require(NoiseCorpus.encoder.layout.statistics.parameters.first)
      return try ThreadCommunicator.run(ranks: 2) { communicator in
        let trainer = try corpus.trainer(configuration, communicator: communicator)
        _ = try trainer.advance()
        return Array(trainer.statistics.values[first.range])
      }
    }
    // The first layer sees the same features either way, and the mean of two halves' means is the mean of all.
    let own = try means(["encoder.batchNormalization=local"])
    let all = try means([])
    for (own, all) in zip(own, all) { #expect(relativeDistance(own, all) < 1e-5) }
  }

  @Test func `ranks whose parameters differ in one bit are found out`() throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration()
    for culprit in [nil, 0, 2] {
      let verdicts = try ThreadCommunicator.run(ranks: 3) { communicator in
        let trainer = try corpus.trainer(configuration, communicator: communicator)
        if communicator.rank == culprit { trainer.parameters.elements[77] = trainer.parameters.elements[77].nextUp }
        return trainer.ranksAgree
      }
      #expect(verdicts == Array(repeating: culprit == nil, count: 3))
    }
  }

  @Test func `a number that is not finite is found out before it reaches the parameters`() throws {
    let corpus = try NoiseCorpus()
    let trainer = try corpus.trainer(corpus.configuration())
    // A prototype's: a ReLU would hide it.
    trainer.parameters.elements[trainer.parameters.count - 1] = .nan
    let before = Array(trainer.parameters.values.dropLast())
    #expect(throws: NonFiniteStep.self) { try trainer.advance() }
    #expect(Array(trainer.parameters.values.dropLast()) == before)
    #expect(trainer.step == 0)
  }

  /// The change that steps make to the parameters, which are far longer.
  private static func way(from start: [Float], to end: [Float]) -> [Float] { zip(start, end).map { $1 - $0 } }

  private struct Trained {
    let losses: [Double]
    let parameters: [Float]
    let statistics: [Float]
    let unreadable: [Int]
    let ranksAgree: Bool
  }

  private static func train(
    _ corpus: NoiseCorpus, _ configuration: Configuration, _ communicator: any Communicator
  ) throws -> Trained {
    let trainer = try corpus.trainer(configuration, communicator: communicator)
    let metrics = try (0..<3).map { _ in try trainer.advance().metrics }
    return Trained(
      losses: metrics.flatMap { [$0["classification"].loss, $0["contrastive"].loss] },
      parameters: trainer.parameters.values,
      statistics: trainer.statistics.values, unreadable: trainer.batches.unreadable, ranksAgree: trainer.ranksAgree)
  }
}

/// A step of one rank by the method's formulas, from the parts that have tests of their own.
private struct StepByHand {
  let configuration: Configuration
  let trainer: Trainer
  let parameters: Matrix
  let statistics: Matrix
  let optimizer: any Optimizer
  var step = 0

  init(_ configuration: Configuration, _ trainer: Trainer) {
    self.configuration = configuration
    self.trainer = trainer
    parameters = Matrix(rows: 1, columns: trainer.parameters.count, trainer.parameters.values)
    statistics = Matrix(rows: 1, columns: trainer.statistics.count, trainer.statistics.values)
    let settings = configuration.optimizer
    optimizer =
      settings.type == .sgd
      ? SGD(trainer.layout, momentum: 0.9, nesterov: true, weightDecay: settings.weightDecay)
      : Adam(
        trainer.layout, beta1: 0.9, beta2: 0.999, epsilon: settings.epsilon, weightDecay: settings.weightDecay,
        decoupled: true)
  }

  private var prototypes: Parameter { trainer.layout.parameters[trainer.layout.parameters.count - 1] }

  mutating func advance() throws -> (losses: [Double], weights: [Double], norms: [Double], cosine: Double) {
    let plan = trainer.plan
    let rows = plan.batches.sampler.batch(step: step)
    let features = try plan.batches.loader.load(rows, own: 0..<rows.count, unreadable: []).features
    let (embeddings, pullback) = encode(features, rows: rows.count)
    let warmup = configuration.contrastive.attention.warmup
    let table = Matrix(
      rows: prototypes.shape[0], columns: prototypes.shape[1], Array(parameters.values[prototypes.range]))
    let outcome = plan.objectives.evaluate(
      embeddings, speakers: rows.map(\.speaker), prototypes: table,
      margin: configuration.marginSchedule.margin(at: step),
      warmth: warmup == 0 ? 1 : min(1, Double(step) / Double(warmup)))
    let encoderGradients = outcome.gradients.map { gradient in
      let buffer = Matrix.zeros(rows: 1, columns: parameters.count)
      pullback(gradient, buffer)
      return Array(buffer.values[..<prototypes.offset])
    }
    // Min-norm compares the parameters' gradients where it is exact, else the embeddings'.
    let isExact = configuration.weighting.method == .minNorm && configuration.weighting.space == .parameters
    let compared = isExact ? encoderGradients : outcome.gradients.map(\.values)
    let weights = self.weights(compared)
    let encoder = zip(encoderGradients[0], encoderGradients[1]).map {
      Float(weights[0]) * $0 + Float(weights[1]) * $1
    }
    let isFixed = configuration.weighting.method == .fixed
    let classifier = outcome.prototypeGradient(of: table).values.map { (isFixed ? Float(weights[0]) : 1) * $0 }
    optimizer.update(
      parameters, gradient: Matrix(rows: 1, columns: parameters.count, clipped(encoder) + clipped(classifier)),
      learningRate: configuration.learningRateSchedule.rate(at: step))
    step += 1
    let norms = compared.map { dot($0, $0).squareRoot() }
    return (
      outcome.values, weights, norms,
      dot(compared[0], compared[1]) / (norms[0] * norms[1])
    )
  }

  /// Sends every k-th unit through the encoder together, and then those after them.
  /// - Returns: the embeddings of all rows, and the way back, which adds to the gradient of the parameters.
  private func encode(
    _ features: Matrix, rows: Int
  ) -> (embeddings: Matrix, pullback: (_ gradient: Matrix, _ sum: Matrix) -> Void) {
    let (unit, count, frames) = (configuration.batch.unit, configuration.batch.microBatches, features.columns / rows)
    let embeddings = Matrix(rows: rows, columns: trainer.encoder.dimensions)
    let parts = (0..<count).map { part in
      let own = (0..<rows).filter { $0 / unit % count == part }
      let columns = own.flatMap { row in (0..<frames).map { row * frames + $0 } }
      let values = (0..<features.rows).flatMap { bin in columns.map { features[bin, $0] } }
      let (some, pullback) = trainer.encoder.encode(
        Matrix(rows: features.rows, columns: columns.count, values), utterances: own.count,
        ForwardPass(mode: .training, parameters: parameters, statistics: statistics))
      for (index, row) in own.enumerated() { some.rows(index..<index + 1).copy(to: embeddings.rows(row..<row + 1)) }
      return (own: own, pullback: pullback)
    }
    return (
      embeddings,
      { [parameters] gradient, sum in
        for part in parts {
          let own = Matrix(
            rows: part.own.count, columns: gradient.columns,
            part.own.flatMap { row in (0..<gradient.columns).map { gradient[row, $0] } })
          let buffer = Matrix.zeros(rows: 1, columns: sum.columns)
          part.pullback([own], BackwardPass(parameters: parameters, gradients: [buffer]))
          buffer.view.add(to: sum.view)
        }
      }
    )
  }

  /// α = ((g₂ − g₁)·g₂) / ‖g₁ − g₂‖² within [0, 1].
  private func weights(_ gradients: [[Float]]) -> [Double] {
    if configuration.weighting.method == .fixed {
      return [configuration.weighting.classification, configuration.weighting.contrastive]
    }
    let difference = zip(gradients[1], gradients[0]).map { $0 - $1 }
    let alpha = min(max(dot(difference, gradients[1]) / dot(difference, difference), 0), 1)
    return [alpha, 1 - alpha]
  }

  private func dot(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  private func clipped(_ gradient: [Float]) -> [Float] {
    let factor = configuration.optimizer.gradientNorm.map { min(1, $0 / dot(gradient, gradient).squareRoot()) } ?? 1
    return gradient.map { Float(factor * Double($0)) }
  }
}
