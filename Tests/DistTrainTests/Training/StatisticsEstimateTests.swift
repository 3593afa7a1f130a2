import DistTrain
import TestTools
import Testing

/// Running statistics that are estimated on batches of a training.
@Suite struct StatisticsEstimateTests {
  /// The state of a checkpoint after so many steps.
  private static func state(_ step: Int, stage: Int? = nil) -> TrainingState {
    TrainingState(
      step: step, stage: stage, seed: 0, configuration: "", corpus: "", sampler: .init(epoch: 0, index: 0),
      version: "1",
      ranks: 1)
  }

  /// Parameters and running statistics as a training starts with.
  private static func start(_ layout: EncoderLayout) -> (parameters: Matrix, statistics: Matrix) {
    let values = [layout.parameters, layout.statistics].map { Matrix(rows: 1, columns: $0.count) }
    layout.parameters.initialise(values[0].pointer, seed: 5)
    layout.statistics.initialise(values[1].pointer, seed: 5)
    return (values[0], values[1])
  }

  private static func estimate(
    _ configuration: Configuration, _ corpus: NoiseCorpus, at state: TrainingState = state(10), batches: Int = 2,
    communicator: any Communicator = SoleCommunicator()
  ) throws -> StatisticsEstimate {
    StatisticsEstimate(
      of: configuration.network, try TrainingPlan(configuration, corpus: corpus.corpus), at: state, batches: batches,
      communicator: communicator)
  }

  private static func statistics(
    _ configuration: Configuration, _ corpus: NoiseCorpus, at state: TrainingState = state(10), batches: Int = 2,
    communicator: any Communicator = SoleCommunicator()
  ) throws -> [Float] {
    let start = start(configuration.network.layout)
    return try estimate(configuration, corpus, at: state, batches: batches, communicator: communicator)
      .statistics(start.parameters, start.statistics).values
  }

  /// The features of a batch of a training's first stage, with the number of its rows.
  private static func batch(
    _ step: Int, _ configuration: Configuration, _ corpus: NoiseCorpus
  ) throws -> (features: Matrix, rows: Int) {
    let plan = try TrainingPlan(configuration, corpus: corpus.corpus)
    let batch = try BatchStream(plan.batches, steps: step + 1, communicator: SoleCommunicator()).batch(step: step)
    return (batch.features, batch.speakers.count)
  }

  static let small = ["encoder={type: ecapa-tdnn, channels: 16, aggregation: 12, embedding: 8}"]
  static let encoders = [
    small, ["encoder={layout: speechbrain, channels: 16, aggregation: 12, embedding: 8}"],
    ["encoder={type: x-vector, channels: 8, statistics: 12, embedding: 8}"],
    ["encoder={type: resnet, depth: 18, channels: 4, embedding: 8}"],
    ["encoder={type: campplus, channels: 16, growth: 4, bottleneck: 2, embedding: 8}"],
    ["encoder={type: redimnet, size: b0, embedding: 8}"], ["encoder={type: redimnet2, size: b0, embedding: 8}"],
  ]

  @Test(arguments: encoders + [small + ["batch.microBatches=3"]])
  func `they are the means of what a step's own passes take of each micro-batch`(settings: [String]) throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(settings)
    let encoder = configuration.network
    let start = Self.start(encoder.layout)
    var sums = [Double](repeating: 0, count: start.statistics.count)
    for step in 0..<2 {
      let (features, rows) = try Self.batch(step, configuration, corpus)
      let parts = BatchCut(rows: rows, unit: configuration.batch.unit, ranks: 1).microBatches(
        configuration.batch.microBatches, of: 0)
      for part in parts {
        // A tenth of a batch's statistics comes to what was there before.
        let running = Matrix.zeros(rows: 1, columns: sums.count)
        _ = encoder.encode(
          part.columns(of: features, rows: rows), utterances: part.utterances,
          ForwardPass(mode: .training, parameters: start.parameters, statistics: running))
        for index in sums.indices { sums[index] += 10 / Double(parts.count) * Double(running.elements[index]) }
      }
    }
    let found = try Self.statistics(configuration, corpus)
    for tensor in encoder.layout.statistics.parameters {
      let largest = tensor.range.map { abs(sums[$0] / 2) }.max() ?? 0
      let furthest = tensor.range.map { abs(Double(found[$0]) - sums[$0] / 2) }.max() ?? 0
      #expect(furthest <= 1e-4 * largest + 1e-6, "\(tensor.name): \(furthest) of \(largest)")
    }
    #expect(found != start.statistics.values)
  }

  /// The first layer of an ECAPA-TDNN in plain sums: a convolution over five frames, with zeros beyond the ends, and a
  /// rectifier.
  private static func firstLayer(_ features: Matrix, rows: Int, _ encoder: any Encoder, _ values: Matrix) -> [[Double]]
  {
    func tensor(_ name: String) -> [Double] {
      encoder.layout.parameters.parameters.filter { $0.name == name }.flatMap {
        values.values[$0.range].map(Double.init)
      }
    }
    let (weight, bias) = (tensor("layer1.conv.weight"), tensor("layer1.conv.bias"))
    let (bins, frames) = (encoder.bins, features.columns / rows)
    return bias.indices.map { channel in
      (0..<features.columns).map { column in
        let (row, frame) = column.quotientAndRemainder(dividingBy: frames)
        var sum = bias[channel]
        for offset in -2...2 where (0..<frames).contains(frame + offset) {
          for bin in 0..<bins {
            sum +=
              weight[(channel * bins + bin) * 5 + offset + 2] * Double(features[bin, row * frames + frame + offset])
          }
        }
        return max(0, sum)
      }
    }
  }

  @Test func `the first layer's are the means over batches of its means and unbiased variances`() throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(Self.small)
    let encoder = configuration.network
    let parameters = Self.start(encoder.layout).parameters
    var (means, variances) = ([Double](repeating: 0, count: 16), [Double](repeating: 0, count: 16))
    for step in 0..<2 {
      let (features, rows) = try Self.batch(step, configuration, corpus)
      for (channel, values) in Self.firstLayer(features, rows: rows, encoder, parameters).enumerated() {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        means[channel] += mean / 2
        variances[channel] += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1) / 2
      }
    }
    let found = try Self.statistics(configuration, corpus)
    for (name, expected) in [("layer1.bn.running_mean", means), ("layer1.bn.running_var", variances)] {
      let tensor = try #require(encoder.layout.statistics.parameters.first { $0.name == name })
      for (value, wanted) in zip(found[tensor.range], expected) {
        let distance: Double = abs(Double(value) - wanted)
        #expect(distance <= 2e-5 * abs(wanted) + 1e-7, "\(name): \(value), \(wanted)")
      }
    }
  }

  @Test func `they have the same bits on one rank and on three`() throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(Self.small + ["batch.speakers=4"])
    let alone = try Self.statistics(configuration, corpus)
    let together = try ThreadCommunicator.run(ranks: 3) {
      try Self.statistics(configuration, corpus, communicator: $0)
    }
    for rank in together { #expect(rank == alone) }
  }

  @Test func `where ranks keep their own, they are the mean over ranks, too`() throws {
    let corpus = try NoiseCorpus()
    let settings = Self.small + ["batch.speakers=4", "encoder.batchNormalization=local"]
    let configuration = try corpus.configuration(settings)
    let together = try ThreadCommunicator.run(ranks: 2) {
      try Self.statistics(configuration, corpus, batches: 1, communicator: $0)
    }
    #expect(together[0] == together[1])
    let encoder = configuration.network
    let (features, rows) = try Self.batch(0, configuration, corpus)
    let outputs = Self.firstLayer(features, rows: rows, encoder, Self.start(encoder.layout).parameters)
    let tensor = try #require(encoder.layout.statistics.parameters.first { $0.name == "layer1.bn.running_var" })
    for (channel, values) in outputs.enumerated() {
      let half = values.count / 2
      let variances = [values[..<half], values[half...]].map { part -> Double in
        let mean = part.reduce(0, +) / Double(half)
        return part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(half - 1)
      }
      let wanted: Double = (variances[0] + variances[1]) / 2
      let found = Double(together[0][tensor.offset + channel])
      #expect(abs(found - wanted) <= 2e-5 * wanted + 1e-7, "\(channel): \(found), \(wanted)")
    }
  }

  @Test func `frozen parts keep theirs while they are frozen`() throws {
    let corpus = try NoiseCorpus()
    let settings = Self.small + ["training.frozen=[layer2]", "schedule.unfreeze=4"]
    let configuration = try corpus.configuration(settings)
    let encoder = configuration.network
    let before = Self.start(encoder.layout).statistics.values
    for (step, isFrozen) in [(4, true), (5, false)] {
      let found = try Self.statistics(configuration, corpus, at: Self.state(step))
      for tensor in encoder.layout.statistics.parameters {
        let isKept = found[tensor.range] == before[tensor.range]
        #expect(isKept == (isFrozen && tensor.name.hasPrefix("layer2.")), "\(tensor.name) after step \(step)")
      }
    }
    #expect(try !Self.estimate(configuration, corpus).isEmpty)
    let parts = Set(encoder.layout.statistics.parameters.map { $0.name.split(separator: ".")[0] }).sorted()
    let all = try corpus.configuration(Self.small + ["training.frozen=[\(parts.joined(separator: ", "))]"])
    #expect(try Self.estimate(all, corpus).isEmpty)
  }

  @Test func `the batches are the first ones of the checkpoint's stage, an epoch at most`() throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(
      Self.small + ["stages=[{training.steps: 3}, {training.steps: 4, crop.seconds: 0.5, batch.speakers: 2}]"])
    let first = try Self.estimate(configuration, corpus, at: Self.state(2), batches: 1)
    #expect(first.steps == 0..<1 && first.plan.stage.number == 1)
    let second = try Self.estimate(configuration, corpus, at: Self.state(5), batches: 1000)
    #expect(second.plan.stage.number == 2 && second.steps == 3..<3 + second.plan.batches.sampler.stepsPerEpoch)
    #expect(try Self.estimate(configuration, corpus, at: Self.state(3, stage: 2)).plan.stage.number == 2)
    #expect(
      try Self.statistics(configuration, corpus, at: Self.state(5))
        != Self.statistics(configuration, corpus, at: Self.state(2)))
  }

  @Test func `an utterance that cannot be read has another one in its place, and parameters that are damaged are told`()
    throws
  {
    let corpus = try NoiseCorpus(missing: "s1-u2")
    let configuration = try corpus.configuration(Self.small + ["batch.speakers=4"])
    let estimate = try Self.estimate(configuration, corpus)
    let (parameters, statistics) = Self.start(configuration.network.layout)
    _ = try estimate.statistics(parameters, statistics)
    let lost = estimate.unreadable
    #expect(lost.utterances == 1 && lost.recordings == 0)
    #expect(estimate.memoryAhead(parameters) > 0)
    parameters.elements[0] = .infinity
    let failure = #expect(throws: AgreedFailure.self) { _ = try estimate.statistics(parameters, statistics) }
    #expect(failure?.failure.kind == .badData && failure?.line.contains("are not finite") == true)
  }
}
