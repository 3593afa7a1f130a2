import DistTrain
import TestTools
import Testing

/// The moving average of the encoder in training, and in its checkpoints.
@Suite struct TrainerAverageTests {
  private static let settings = ["training.average={decay: 0.9, from: 1}"]

  /// One step of an average by its formula.
  private static func followed(_ average: [Float], _ values: [Float]) -> [Float] {
    zip(average, values).map { Float(0.9 * Double($0) + (1 - 0.9) * Double($1)) }
  }

  private struct Trained: Equatable {
    var parameters: [Float]
    var statistics: [Float]
    var averaged: [Float]
    var averagedStatistics: [Float]

    init(_ trainer: Trainer) {
      (parameters, statistics) = (trainer.parameters.values, trainer.statistics.values)
      let evaluated = trainer.evaluated
      averaged = Array(evaluated.parameters.values.prefix(trainer.encoder.layout.parameters.count))
      averagedStatistics = evaluated.statistics.values
    }
  }

  @Test func `it follows the encoder's parameters and running statistics, and leaves them as they are`() throws {
    let corpus = try NoiseCorpus()
    let plain = try corpus.trainer(corpus.configuration())
    let trainer = try corpus.trainer(corpus.configuration(Self.settings))
    let count = trainer.encoder.layout.parameters.count
    let start = Trained(trainer)
    #expect(start.averaged == Array(start.parameters[..<count]) && start.averagedStatistics == start.statistics)
    var expected = start
    for step in 1...4 {
      _ = try (trainer.advance(), plain.advance())
      let (now, encoder) = (Trained(trainer), Array(trainer.parameters.values[..<count]))
      #expect(now.parameters == plain.parameters.values && now.statistics == plain.statistics.values)
      expected.averaged = step == 1 ? encoder : Self.followed(expected.averaged, encoder)
      expected.averagedStatistics =
        step == 1 ? now.statistics : Self.followed(expected.averagedStatistics, now.statistics)
      #expect(now.averaged == expected.averaged && now.averagedStatistics == expected.averagedStatistics)
    }
    #expect(Trained(trainer).averaged != Array(trainer.parameters.values[..<count]))
    let evaluated = plain.evaluated
    #expect(evaluated.parameters.values == plain.parameters.values)
  }

  @Test(arguments: [[], ["encoder.batchNormalization=local"]])
  func `it has the same bits on all of three ranks, and those of one rank alone`(settings: [String]) throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(Self.settings + settings + ["batch.speakers=4"])
    @Sendable func train(_ communicator: any Communicator) throws -> Trained {
      let trainer = try corpus.trainer(configuration, communicator: communicator)
      for _ in 0..<3 { _ = try trainer.advance() }
      return Trained(trainer)
    }
    let together = try ThreadCommunicator.run(ranks: 3) { try train($0) }
    for rank in together { #expect(rank == together[0]) }
    if settings.isEmpty { #expect(try together[0] == train(SoleCommunicator())) }
  }

  @Test func `a checkpoint's encoder is the average, and training goes on from both as if it had not stopped`() throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(Self.settings)
    let saved = try corpus.trainer(configuration)
    for _ in 0..<3 { _ = try saved.advance() }
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    try store.save(saved.snapshot(configuration: "digest", version: "1"))
    let checkpoint = try #require(store.newest().checkpoint)
    let file = try checkpoint.encoder()
    let count = saved.encoder.layout.parameters.count
    for tensor in saved.layout.parameters {
      let isOfEncoder = tensor.offset < count
      let source = isOfEncoder ? saved.evaluated.parameters.values : saved.parameters.values
      #expect(try file.values(of: tensor.name) == Array(source[tensor.range]), "\(tensor.name)")
    }
    for tensor in saved.encoder.layout.statistics.parameters {
      let averaged = saved.evaluated.statistics.values
      #expect(try file.values(of: tensor.name) == Array(averaged[tensor.range]), "\(tensor.name)")
    }

    let restored = try corpus.trainer(configuration)
    try restored.check(checkpoint)
    try restored.restore(checkpoint)
    #expect(Trained(restored) == Trained(saved))
    for trainer in [saved, restored] { for _ in 0..<2 { _ = try trainer.advance() } }
    #expect(Trained(restored) == Trained(saved))
    #expect(restored.optimizer.state.map(\.values.values) == saved.optimizer.state.map(\.values.values))
    restored.begin()
    #expect(Trained(restored) == Trained(try corpus.trainer(configuration)))
  }

  @Test func `a training may go on without the average, and another one with it from a copy on`() throws {
    let corpus = try NoiseCorpus()
    func saved(_ settings: [String]) throws -> (trainer: Trainer, checkpoint: Checkpoint) {
      let trainer = try corpus.trainer(corpus.configuration(settings))
      for _ in 0..<3 { _ = try trainer.advance() }
      let store = CheckpointStore(path: corpus.folder.path("checkpoints-\(settings.count)"))
      try store.save(trainer.snapshot(configuration: "digest", version: "1"))
      return (trainer, try #require(store.newest().checkpoint))
    }
    let (with, without) = (try saved(Self.settings), try saved([]))
    let plain = try corpus.trainer(corpus.configuration())
    try plain.check(with.checkpoint)
    try plain.restore(with.checkpoint)
    #expect(plain.parameters.values == with.trainer.parameters.values)
    #expect(plain.statistics.values == with.trainer.statistics.values)

    let averaging = try corpus.trainer(corpus.configuration(Self.settings))
    try averaging.check(without.checkpoint)
    try averaging.restore(without.checkpoint)
    let start = Trained(averaging)
    #expect(start.parameters == without.trainer.parameters.values)
    #expect(start.averaged == Array(start.parameters.prefix(start.averaged.count)))
    #expect(start.averagedStatistics == start.statistics)
    _ = try averaging.advance()
    let now = Trained(averaging)
    #expect(now.averaged == Self.followed(start.averaged, Array(now.parameters.prefix(now.averaged.count))))
  }
}
