import DistTrain
import TestTools
import Testing

@Suite struct TrainedEncoderTests {
  private let folder: TestFolder
  private let samples = NoiseCorpus.noise(speaker: 1, utterance: 1, seconds: 1)

  init() throws { folder = try TestFolder() }

  private func configuration(_ settings: [String] = []) throws -> Configuration {
    try Configuration.load(
      file: nil,
      overrides: ["encoder.channels=16", "encoder.aggregation=24", "encoder.embedding=8", "features.bins=24"] + settings
    )
  }

  /// An encoder as it is initialised: its parameters and statistics, which do not depend on the front end.
  private func initialised(_ encoder: any Encoder) -> (parameters: Matrix, statistics: Matrix) {
    let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 1)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 1)
    return (parameters, statistics)
  }

  private func tensors(_ encoder: any Encoder) -> [NamedTensor] {
    let (parameters, statistics) = initialised(encoder)
    let parts = [(encoder.layout.parameters, parameters), (encoder.layout.statistics, statistics)]
    return parts.flatMap { layout, matrix in
      layout.parameters.map {
        NamedTensor(name: $0.name, shape: $0.shape, buffer: matrix.buffer, offset: $0.offset)
      }
    }
  }

  private func file(_ configuration: Configuration, metadata: [String: String]) throws -> String {
    let path = folder.path("model.safetensors")
    try SafetensorsFile.write(tensors(configuration.network), metadata: metadata, to: path)
    return path
  }

  /// The embedding that the same encoder makes of features which a filter bank was asked for here.
  private func embedding(_ frontEnd: FrontEnd) throws -> [Float] {
    let encoder = try configuration().network
    let (parameters, statistics) = initialised(encoder)
    let pass = ForwardPass(mode: .inference, parameters: parameters, statistics: statistics)
    let features = FilterBank(frontEnd).features(of: samples, dither: nil)
    return encoder.encode(features, utterances: 1, pass).embeddings.values
  }

  @Test func `an encoder sees its own front end's features, from a file as from a run`() throws {
    let other = try configuration([
      "features={window: povey, lowestFrequency: 100, highestFrequency: 7600, edges: mirror, frameShift: 12.5}",
      "features={scale: unit, preEmphasis: 0.5, logFloor: 1e-3, meanRemoval: none, frameLength: 20}",
    ])
    var frontEnd = FrontEnd(bins: 24)
    frontEnd.window = .povey
    frontEnd.frameLength = 20
    frontEnd.frameShift = 12.5
    frontEnd.edges = .mirror
    frontEnd.lowestFrequency = 100
    frontEnd.highestFrequency = 7600
    frontEnd.scale = .unit
    frontEnd.preEmphasis = 0.5
    frontEnd.logFloor = 1e-3
    frontEnd.meanRemoval = .none
    #expect(other.features == frontEnd)
    let trained = try TrainedEncoder(file(other, metadata: other.encoderMetadata))
    let expected = try embedding(frontEnd)
    #expect(try trained.extractor.embedding(of: samples, name: "noise") == expected)
    #expect(expected != (try embedding(FrontEnd(bins: 24))))
  }

  @Test func `an encoder of the other kind of front end sees that kind's features`() throws {
    let other = try configuration(["features={type: tfmel, frameShift: 12.5}"])
    var frontEnd = FrontEnd(.tfmel)
    (frontEnd.bins, frontEnd.frameShift) = (24, 12.5)
    #expect(other.features == frontEnd)
    let trained = try TrainedEncoder(file(other, metadata: other.encoderMetadata))
    #expect(try trained.extractor.embedding(of: samples, name: "noise") == (try embedding(frontEnd)))
    #expect(try embedding(frontEnd) != (try embedding(FrontEnd(bins: 24))))
  }

  @Test func `a file that says nothing of its front end but the bins has the default one`() throws {
    let configuration = try configuration()
    let kept: Set = [
      "encoder.type", "encoder.layout", "encoder.channels", "encoder.aggregation", "encoder.embedding",
      "encoder.globalContext", "encoder.batchNormalization", "features.bins",
    ]
    let metadata = configuration.encoderMetadata.filter { kept.contains($0.key) }
    #expect(metadata.count == kept.count && configuration.encoderMetadata.count > kept.count)
    let trained = try TrainedEncoder(file(configuration, metadata: metadata))
    #expect(
      try trained.extractor.embedding(of: samples, name: "noise") == (try embedding(FrontEnd(bins: 24))))
  }

  @Test func `dither is no part of what an encoder sees`() throws {
    #expect(try configuration(["features.dither=0"]).encoderMetadata == (try configuration().encoderMetadata))
  }

  @Test(arguments: [
    ("features.warp", "1.1", "its metadata has features.warp (1.1), which this svdist doesn't know"),
    ("features.window", "kaiser", "features.window: expected one of hamming, povey, hann, rectangular, found kaiser"),
    ("features.frameShift", "50", "features.frameShift: at most features.frameLength (25), found 50"),
  ])
  func `a front end that is unknown here is refused by name`(key: String, value: String, message: String) throws {
    let configuration = try configuration()
    let path = try file(configuration, metadata: configuration.encoderMetadata.merging([key: value]) { $1 })
    #expect {
      try TrainedEncoder(path)
    } throws: { error in
      guard let failure = error as? Failure else { return false }
      return failure.kind == .badData && failure.message.hasPrefix(path) && failure.message.contains(message)
    }
  }

  /// Saves the encoder as a checkpoint of step 3, which is marked as the best.
  private func checkpoint() throws -> String {
    let configuration = try configuration()
    let store = CheckpointStore(path: folder.path("run/checkpoints"))
    let state = TrainingState(
      step: 3, seed: 1, configuration: "", corpus: "", sampler: .init(epoch: 0, index: 3), version: "1", ranks: 1)
    let path = try store.save(
      encoder: tensors(configuration.network), optimizer: [NamedTensor(name: "momentum", shape: [1], values: [1])],
      state: state,
      metadata: configuration.encoderMetadata)
    try store.markBest(step: 3)
    return path
  }

  @Test(arguments: ["run/checkpoints/best", "run/checkpoints/step-00000003", "run/checkpoints/best/model.safetensors"])
  func `a checkpoint that is named itself has to be as it was written`(name: String) throws {
    let path = try checkpoint()
    _ = try TrainedEncoder(folder.path(name))
    // Of the optimiser's state an encoder needs nothing.
    try FileSystem.remove(path + "/optimizer.safetensors")
    _ = try TrainedEncoder(folder.path(name))
    var bytes = try InputFile.contents(of: path + "/model.safetensors")
    bytes[bytes.count - 3] ^= 1
    try AtomicFile.write(bytes, to: path + "/model.safetensors")
    let refusal = failure { _ = try TrainedEncoder(folder.path(name)) }
    #expect(refusal?.kind == .badData)
    #expect(refusal?.message.hasSuffix("model.safetensors changed since they were written") == true)
    try AtomicFile.write("{", to: path + "/manifest.json")
    #expect(failure { _ = try TrainedEncoder(folder.path(name)) }?.message.contains("manifest.json") == true)
  }

  @Test func `an encoder's file under another name, or without a manifest, is taken as it is`() throws {
    let path = try checkpoint()
    var bytes = try InputFile.contents(of: path + "/model.safetensors")
    bytes[bytes.count - 3] ^= 1
    try AtomicFile.write(bytes, to: path + "/mine.safetensors")
    _ = try TrainedEncoder(path + "/mine.safetensors")
    try AtomicFile.write(bytes, to: path + "/model.safetensors")
    try FileSystem.remove(path + "/manifest.json")
    _ = try TrainedEncoder(path)
  }
}
