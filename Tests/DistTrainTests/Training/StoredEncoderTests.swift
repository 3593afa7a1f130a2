import DistTrain
import Foundation
import TestTools
import Testing

/// Trainings that start from the encoder of another one.
@Suite struct StoredEncoderTests {
  private static let small = ["encoder.channels=16", "encoder.aggregation=24", "encoder.embedding=8"]
  private let corpus: NoiseCorpus
  /// A checkpoint's file after two steps on four speakers.
  private let file: String
  private let trained: Trainer

  init() throws {
    corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(Self.small)
    trained = try Self.trainer(configuration, corpus)
    for _ in 0..<2 { _ = try trained.advance() }
    let store = CheckpointStore(path: corpus.folder.path("first/checkpoints"))
    try store.save(trained.snapshot(configuration: "", version: "1", metadata: configuration.encoderMetadata))
    file = try #require(store.newest().checkpoint).encoderPath
  }

  private static func trainer(
    _ configuration: Configuration, _ corpus: NoiseCorpus, _ communicator: any Communicator = SoleCommunicator()
  ) throws -> Trainer {
    Trainer(
      encoder: configuration.network, plan: try TrainingPlan(configuration, corpus: corpus.corpus),
      communicator: communicator)
  }

  private func configuration(_ settings: [String] = []) throws -> Configuration {
    try corpus.configuration(Self.small + [Configuration.override("training.from", with: file)] + settings)
  }

  private func encoderCount(_ trainer: Trainer) -> Int { trainer.encoder.layout.parameters.count }

  @Test func `a training starts from the weights and running statistics of a run, and from nothing else of it`() throws
  {
    let from = corpus.folder.path("first")
    let configuration = try corpus.configuration(
      Self.small + [Configuration.override("training.from", with: from), "seed=5"])
    let trainer = try Self.trainer(configuration, corpus)
    let drawn = try Self.trainer(corpus.configuration(Self.small + ["seed=5"]), corpus)
    let count = encoderCount(trainer)
    #expect(Array(trainer.parameters.values[..<count]) == Array(trained.parameters.values[..<count]))
    #expect(Array(trainer.parameters.values[..<count]) != Array(drawn.parameters.values[..<count]))
    #expect(Array(trainer.parameters.values[count...]) == Array(drawn.parameters.values[count...]))
    #expect(trainer.statistics.values == trained.statistics.values)
    #expect(trainer.step == 0 && trainer.optimizer.updates == 0)
    #expect(trainer.optimizer.state.allSatisfy { $0.values.values.allSatisfy { $0 == 0 } })
    let start = trainer.parameters.values
    _ = try trainer.advance()
    #expect(trainer.parameters.values != start)
    trainer.begin()
    #expect(trainer.parameters.values == start && trainer.statistics.values == trained.statistics.values)
  }

  @Test func `three ranks that start from an encoder have the bits of one`() throws {
    let configuration = try configuration(["training.fromClassifier=kept", "batch.speakers=4"])
    let corpus = corpus.corpus
    @Sendable func train(_ communicator: any Communicator) throws -> [[Float]] {
      let start = try StoredEncoder.start(of: configuration, communicator) { _ in }
      let plan = try TrainingPlan(configuration, corpus: corpus, start: start)
      let trainer = Trainer(encoder: configuration.network, plan: plan, communicator: communicator)
      for _ in 0..<2 { _ = try trainer.advance() }
      return [trainer.parameters.values, trainer.statistics.values]
    }
    let alone = try train(SoleCommunicator())
    #expect(try ThreadCommunicator.run(ranks: 3) { try train($0) }.allSatisfy { $0 == alone })
  }

  @Test func `a file that holds another encoder on one rank is told by rank and digest`() throws {
    _ = try trained.advance()
    let store = CheckpointStore(path: corpus.folder.path("other/checkpoints"))
    let metadata = try corpus.configuration(Self.small).encoderMetadata
    try store.save(trained.snapshot(configuration: "", version: "1", metadata: metadata))
    let encoders = try [StoredEncoder(file), StoredEncoder(corpus.folder.path("other"))]
    let failures = try ThreadCommunicator.run(ranks: 3) { communicator in
      #expect(throws: AgreedFailure.self) { try encoders[communicator.rank == 2 ? 1 : 0].agree(communicator) }
    }
    for failure in failures {
      let message = try #require(failure).failure.message
      #expect(message.hasPrefix("rank 2 on ") && message.contains("read another encoder ("), "\(message)")
    }
    _ = try ThreadCommunicator.run(ranks: 3) { try encoders[1].agree($0) }
  }

  /// The prototypes of each speaker.
  private func prototypes(_ trainer: Trainer) -> [String: [Float]] {
    let table = Array(trainer.parameters.values[encoderCount(trainer)...])
    let speakers = trainer.plan.batches.corpus.speakers
    let width = table.count / speakers.count
    return Dictionary(
      uniqueKeysWithValues: speakers.enumerated().map { ($1, Array(table[$0 * width..<($0 + 1) * width])) })
  }

  @Test func `prototypes are found by their speakers' names, whatever the places`() throws {
    let plain = try Self.trainer(corpus.configuration(Self.small), corpus)
    let metadata = try corpus.configuration(Self.small).encoderMetadata
    let store = CheckpointStore(path: corpus.folder.path("plain/checkpoints"))
    try store.save(plain.snapshot(configuration: "", version: "1", metadata: metadata))
    let settings = [
      "augmentation.speed={factors: [0.9, 1], asSpeakers: true}", "training.fromClassifier=kept",
      Configuration.override("training.from", with: corpus.folder.path("plain")),
    ]
    let kept = try prototypes(Self.trainer(corpus.configuration(Self.small + settings), corpus))
    let before = prototypes(plain)
    #expect(kept.count == 2 * before.count)
    for (speaker, own) in before { #expect(kept[speaker] == own, "\(speaker)") }
  }

  @Test func `speakers of the same names keep all their prototypes, and the others' are drawn`() throws {
    let speeds = "augmentation.speed={factors: [0.9, 1], asSpeakers: true}"
    let more = try NoiseCorpus(speakers: 6)
    let settings = ["classification.subcenters=2", speeds]
    let first = try Self.trainer(corpus.configuration(Self.small + settings), corpus)
    _ = try first.advance()
    let store = CheckpointStore(path: corpus.folder.path("speeds/checkpoints"))
    let metadata = try corpus.configuration(Self.small).encoderMetadata
    try store.save(first.snapshot(configuration: "", version: "1", metadata: metadata))
    let from = Configuration.override("training.from", with: corpus.folder.path("speeds"))
    let kept = try Self.trainer(
      more.configuration(Self.small + settings + [from, "training.fromClassifier=kept"]), more)
    let drawn = try Self.trainer(more.configuration(Self.small + settings + [from]), more)
    let (before, now, others) = (prototypes(first), prototypes(kept), prototypes(drawn))
    #expect(before.count == 8 && now.count == 12 && before["s1@0.9"]?.count == 16)
    for (speaker, own) in now { #expect(own == before[speaker] ?? others[speaker], "\(speaker)") }
    #expect(now["s1@0.9"] != others["s1@0.9"])
  }

  @Test(arguments: [
    (
      ["encoder.channels=24", "features.window=povey"],
      ["encoder.channels is 24, there 16", "features.window is povey"]
    ),
    (["encoder={type: x-vector, channels: 16, embedding: 8}"], ["encoder.type is x-vector, there ecapa-tdnn"]),
    (
      ["classification.subcenters=2", "training.fromClassifier=kept"],
      ["(classification.subcenters is 2, there 1)", "set drawn"]
    ),
  ])
  func `another encoder, front end or number of prototypes is refused by each setting`(
    settings: [String], words: [String]
  ) throws {
    let base = settings[0].hasPrefix("encoder={") ? [] : Self.small
    let from = Configuration.override("training.from", with: file)
    let configuration = try corpus.configuration(base + [from] + settings)
    let failure = try #require(throws: Failure.self) { try TrainingPlan(configuration, corpus: corpus.corpus) }
    #expect(failure.kind == .usage)
    for word in words { #expect(failure.message.contains(word), "\(failure.message)") }
  }

  @Test func `a classifier is not kept of a file that has none, or does not know whose it is`() throws {
    let stored = try SafetensorsFile(path: file)
    func write(_ name: String, _ tensors: [String], _ change: (inout [String: String]) -> Void) throws -> String {
      var metadata = stored.metadata
      change(&metadata)
      let path = corpus.folder.path(name)
      let values = try tensors.map {
        NamedTensor(name: $0, shape: try stored.shape(of: $0), values: try stored.values(of: $0))
      }
      try SafetensorsFile.write(values, metadata: metadata, to: path)
      return path
    }
    let key = "classifier.speakers"
    #expect(stored.metadata[key] == #"["s0","s1","s2","s3"]"#)
    let cases: [(path: String, kind: Failure.Kind, words: String)] = [
      (try write("none", stored.names.filter { $0 != "projection.weight" }) { _ in }, .usage, "has no classifier"),
      (try write("unnamed", stored.names) { $0[key] = nil }, .usage, "does not name its classifier's speakers"),
      (try write("twice", stored.names) { $0[key] = #"["a","a","b","c"]"# }, .badData, "not a list of different names"),
      (try write("broken", stored.names) { $0[key] = "[" }, .badData, "not a list of different names"),
      (try write("empty", stored.names) { $0[key] = "[]" }, .badData, "not a list of different names"),
      (try write("three", stored.names) { $0[key] = #"["a","b","c"]"# }, .badData, "has shape [4, 8]"),
    ]
    for one in cases {
      let from = Configuration.override("training.from", with: one.path)
      let configuration = try corpus.configuration(Self.small + [from, "training.fromClassifier=kept"])
      let failure = try #require(throws: Failure.self) { try TrainingPlan(configuration, corpus: corpus.corpus) }
      #expect(failure.kind == one.kind && failure.message.contains(one.words), "\(failure.message)")
      _ = try TrainingPlan(corpus.configuration(Self.small + [from]), corpus: corpus.corpus)
    }
  }
}
