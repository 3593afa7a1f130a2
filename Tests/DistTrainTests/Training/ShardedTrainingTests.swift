import DistTrain
import Foundation
import TestTools
import Testing

/// Trainings whose prototypes ranks share.
@Suite struct ShardedTrainingTests {
  /// Four speakers, so that of five ranks one has no prototype.
  private static let ranks = [2, 3, 5]

  static let cases: [[String]] = [
    ["optimizer.gradientNorm=null"],
    ["optimizer.gradientNorm=0.5", "classification.subcenters=2", "optimizer.type=adamw"],
    ["weighting.space=representation", "classification.interTopK={count: 2, margin: 0.1}"],
    [
      "weighting.method=fixed", "weighting={classification: 0.3, contrastive: 2}",
      "contrastive.attention={stopGradient: false, scale: 5}",
    ],
    ["training.frozen=[classification, layer1]", "schedule.unfreeze=2", "optimizer.type=adam"],
    ["contrastive.attention.mode=logit", "training.average={decay: 0.9, from: 1}", "weighting.every=2"],
    ["contrastive.attention.stopGradient=false", "training.learningRates={classification: 0.5}"],
  ]

  private struct Trained: Equatable {
    var losses: [[Double]] = []
    var parameters: [Float] = []
    var state: [[Float]] = []
    var statistics: [Float] = []
    var evaluated: [Float] = []

    init(_ trainer: Trainer, losses: [[Double]] = []) {
      self.losses = losses
      parameters = trainer.whole(trainer.parameters)
      state = trainer.optimizer.state.map { trainer.whole($0.values) }
      statistics = trainer.statistics.values
      evaluated = trainer.evaluated.parameters.values.prefix(trainer.encoder.layout.parameters.count).map { $0 }
    }
  }

  private static func train(
    _ corpus: NoiseCorpus, _ settings: [String], steps: Int = 4, _ communicator: any Communicator
  ) throws -> Trained {
    let configuration = try corpus.configuration(["classification.sharded=true"] + settings)
    let trainer = try corpus.trainer(configuration, communicator: communicator)
    let losses = try (0..<steps).map { _ in
      let metrics = try trainer.advance().metrics
      return metrics.objectives.flatMap { [$0.loss, $0.weight] }
    }
    #expect(trainer.ranksAgree && trainer.isFinite)
    return Trained(trainer, losses: losses)
  }

  /// Other losses than those of all prototypes.
  static let sampled: [[String]] = [
    ["classification.sampling=0.4"],
    ["classification={sampling: 0.1, subcenters: 2, interTopK: {count: 1}}", "optimizer.type=adam"],
    ["classification.sampling=0.3", "optimizer={type: adamw, weightDecay: 0.1, gradientNorm: 0.1}"],
  ]

  @Test(arguments: cases + sampled) func `any number of ranks leaves the same bits`(settings: [String]) throws {
    let corpus = try NoiseCorpus()
    let alone = try Self.train(corpus, settings, SoleCommunicator())
    for ranks in Self.ranks {
      for rank in try ThreadCommunicator.run(ranks: ranks, { try Self.train(corpus, settings, $0) }) {
        #expect(rank == alone, "\(ranks) ranks")
      }
    }
  }

  @Test(arguments: cases) func `a step is that of prototypes that every rank holds`(settings: [String]) throws {
    let corpus = try NoiseCorpus()
    let trainers = try ["false", "true"].map {
      try corpus.trainer(corpus.configuration(["classification.sharded=\($0)"] + settings))
    }
    let start = trainers[0].parameters.values
    #expect(trainers[1].parameters.values == start)
    let metrics = try trainers.map { try $0.advance().metrics }
    for (one, other) in zip(metrics[0].objectives, metrics[1].objectives) {
      #expect(abs(one.loss - other.loss) < 1e-5 * one.loss)
      #expect(abs(one.weight - other.weight) < 1e-4)
    }
    guard !settings.contains("optimizer.type=adamw"), !settings.contains("optimizer.type=adam") else { return }
    let ways = trainers.map { zip($0.parameters.values, start).map { $0 - $1 } }
    #expect(relativeDistance(ways[1], ways[0]) < 1e-3)
  }

  @Test(arguments: ["{type: adamw, weightDecay: 0.1}", "{type: sgd, momentum: 0.9, weightDecay: 0.1}"])
  func `prototypes that a step does not draw stay, and so does what the optimiser remembers`(
    optimizer: String
  ) throws {
    let corpus = try NoiseCorpus(speakers: 6, utterances: 2)
    let configuration = try corpus.configuration([
      "classification={sharded: true, sampling: 0.2}", "optimizer=\(optimizer)",
    ])
    let trainer = try corpus.trainer(configuration)
    let (first, width) = (trainer.encoder.layout.parameters.count, trainer.encoder.dimensions)
    func prototypes() -> [[ArraySlice<Float>]] {
      ([trainer.parameters] + trainer.optimizer.state.map(\.values)).map { values in
        (0..<6).map { values.values[(first + $0 * width)..<(first + ($0 + 1) * width)] }
      }
    }
    // What the optimiser remembers of the first step would move all that it drew.
    _ = try trainer.advance()
    let before = prototypes()
    _ = try trainer.advance()
    let changed = zip(before, prototypes()).map { before, after in
      Set((0..<6).filter { before[$0] != after[$0] })
    }
    // Each of so few speakers is a piece of its own.
    let sampling = SpeakerSampling(share: 0.2, seed: configuration.seed)
    let drawn = Set(
      (0..<6).filter { !sampling.speakers(ofPiece: $0, count: 1, step: 1, with: []).isEmpty })
    let most = drawn.count + configuration.batch.speakers
    #expect(most < 6)
    for changed in changed { #expect(changed.isSuperset(of: drawn) && changed.count <= most) }
  }

  @Test func `gradients of prototypes in pieces are checked on one rank, and refused on more`() throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(["classification={sharded: true, sampling: 0.7}"])
    let check = try GradientCheck(
      encoder: NoiseCorpus.encoder, plan: TrainingPlan(configuration, corpus: corpus.corpus),
      communicator: SoleCommunicator())
    let prototypes = try #require(check.tensors.last)
    #expect(prototypes.name == "projection.weight")
    for comparison in check.compare(check.gradients, tensors: [prototypes]) {
      #expect(comparison.agrees, "\(comparison)")
    }
    _ = try ThreadCommunicator.run(ranks: 2) { communicator in
      let agreed = try #require(throws: AgreedFailure.self) {
        try GradientCheck(configuration, communicator: communicator)
      }
      #expect(agreed.failure.kind == .usage && agreed.failure.message.hasPrefix("classification.sharded: "))
    }
  }

  @Test func `a rank holds its share of prototypes and of what the optimiser remembers`() throws {
    let corpus = try NoiseCorpus(speakers: 8)
    let configuration = try corpus.configuration(["classification.sharded=true", "classification.subcenters=3"])
    let counts = try ThreadCommunicator.run(ranks: 4) { communicator in
      let trainer = try corpus.trainer(configuration, communicator: communicator)
      let encoder = trainer.encoder.layout.parameters.count
      return [trainer.parameters.count - encoder] + trainer.optimizer.state.map { $0.values.count - encoder }
    }
    #expect(counts == Array(repeating: [2 * 3 * 8, 2 * 3 * 8], count: 4))
  }

  @Test func `where a stage leaves speakers out, ranks find the prototypes of the others`() throws {
    let corpus = try NoiseCorpus()
    let settings = [
      "classification.subcenters=2", "augmentation.speed={factors: [0.9, 1, 1.1], asSpeakers: true}",
      "stages=[{training.steps: 2}, {training.steps: 3, augmentation.speed: {factors: [1], asSpeakers: false}}]",
    ]
    let alone = try Self.train(corpus, settings, SoleCommunicator())
    for ranks in Self.ranks {
      for rank in try ThreadCommunicator.run(ranks: ranks, { try Self.train(corpus, settings, $0) }) {
        #expect(rank == alone, "\(ranks) ranks")
      }
    }
  }
}

/// Checkpoints of prototypes that ranks share.
extension ShardedTrainingTests {
  private static let files = ["model.safetensors", "optimizer.safetensors"]

  /// Trains on from a checkpoint, if there is one, and saves another.
  private static func save(
    _ corpus: NoiseCorpus, _ settings: [String], ranks: Int, steps: Int, from: String? = nil, into folder: String
  ) throws -> [Data] {
    let configuration = try corpus.configuration(["classification.sharded=true"] + settings)
    let store = CheckpointStore(path: corpus.folder.path(folder))
    try FileSystem.createFolder(store.path)
    _ = try ThreadCommunicator.run(ranks: ranks) { communicator in
      let trainer = try corpus.trainer(configuration, communicator: communicator)
      if let from {
        let checkpoint = try #require(CheckpointStore(path: corpus.folder.path(from)).newest().checkpoint)
        try trainer.check(checkpoint)
        try trainer.restore(checkpoint)
      }
      while trainer.step < steps { _ = try trainer.advance() }
      let parts = try trainer.collectParts(at: store.collectionPath).get()
      guard communicator.rank == 0 else { return }
      try store.save(trainer.snapshot(configuration: "", version: "1", collected: parts))
    }
    #expect(!FileManager.default.fileExists(atPath: store.collectionPath))
    return try files.map {
      try Data(contentsOf: URL(fileURLWithPath: "\(store.path)/step-0000000\(steps)/\($0)"))
    }
  }

  @Test(arguments: [["optimizer.type=sgd"], ["optimizer.type=adam", "training.average.decay=0.9"]])
  func `a checkpoint has the bytes of one rank's, and any number of ranks goes on from it`(settings: [String]) throws {
    let corpus = try NoiseCorpus()
    let alone = try Self.save(corpus, settings, ranks: 1, steps: 2, into: "alone")
    let end = try Self.save(corpus, settings, ranks: 1, steps: 4, from: "alone", into: "end")
    #expect(try end == Self.save(corpus, settings, ranks: 1, steps: 4, into: "whole"))
    for ranks in Self.ranks {
      #expect(try Self.save(corpus, settings, ranks: ranks, steps: 2, into: "ranks\(ranks)") == alone)
      #expect(try Self.save(corpus, settings, ranks: ranks, steps: 4, from: "alone", into: "to\(ranks)") == end)
      #expect(try Self.save(corpus, settings, ranks: 2, steps: 4, from: "ranks\(ranks)", into: "from\(ranks)") == end)
    }
  }

  @Test func `parts that cannot be collected are a failure on the first rank alone`() throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(["classification.sharded=true"])
    let path = corpus.folder.path("nowhere/parts")
    let failures = try ThreadCommunicator.run(ranks: 3) { communicator in
      let trainer = try corpus.trainer(configuration, communicator: communicator)
      guard case .failure(let failure) = trainer.collectParts(at: path) else { return "" }
      return failure.message
    }
    #expect(failures[0].contains(path) && failures[1...] == ["", ""])
  }

  @Test func `prototypes are kept from another run by their speakers' names on any number of ranks`() throws {
    let corpus = try NoiseCorpus(speakers: 6)
    let small = ["encoder={channels: 16, embedding: 8, aggregation: 12}"]
    let configuration = try corpus.configuration(small)
    let first = Trainer(
      encoder: configuration.network, plan: try TrainingPlan(configuration, corpus: corpus.corpus),
      communicator: SoleCommunicator())
    _ = try first.advance()
    let store = CheckpointStore(path: corpus.folder.path("first/checkpoints"))
    try store.save(first.snapshot(configuration: "", version: "1", metadata: configuration.encoderMetadata))
    let settings = [
      "classification.sharded=true", "training.fromClassifier=kept",
      "augmentation.speed={factors: [0.9, 1], "
        + "asSpeakers: true}", Configuration.override("training.from", with: corpus.folder.path("first")),
    ]
    let next = try corpus.configuration(small + settings)
    let corpora = corpus.corpus
    @Sendable func start(_ communicator: any Communicator) throws -> [Float] {
      let plan = try TrainingPlan(next, corpus: corpora)
      let trainer = Trainer(encoder: next.network, plan: plan, communicator: communicator)
      return trainer.whole(trainer.parameters)
    }
    let alone = try start(SoleCommunicator())
    let kept = Array(first.parameters.values[first.encoder.layout.parameters.count...])
    #expect(alone.count > first.parameters.count && alone.suffix(12 * 8).starts(with: kept.prefix(8)))
    for rank in try ThreadCommunicator.run(ranks: 3, { try start($0) }) { #expect(rank == alone) }
  }
}
