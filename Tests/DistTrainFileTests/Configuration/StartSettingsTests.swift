import DistTrain
import Foundation
import TestTools
import Testing

/// The settings of a training that starts from an encoder, or freezes parts of its own.
@Suite struct StartSettingsTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private static let stored = [
    "encoder={type: x-vector, channels: 48}", "encoder.embedding=24", "encoder.batchNormalization=local",
    "features={bins: 40, window: povey}", "features.dither=0",
  ]

  /// Writes a model file that has metadata alone.
  private func model(_ settings: [String] = stored, at name: String = "model.safetensors") throws -> String {
    let configuration = try Configuration.load(file: nil, overrides: settings)
    let path = folder.path(name)
    try FileSystem.createFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    try SafetensorsFile.write([], metadata: configuration.encoderMetadata, to: path)
    return path
  }

  private func load(_ settings: [String], from path: String, resuming: String? = nil) throws -> Configuration {
    let start = Configuration.override("training.from", with: path)
    return try Configuration.load(GivenSettings(file: nil, overrides: [start] + settings), resuming: resuming)
  }

  @Test func `encoder and front end that are not given are the stored ones, without dither and ranks' statistics`()
    throws
  {
    let path = try model()
    let configuration = try load(["encoder.embedding=24", "crop.seconds=3"], from: path)
    #expect(configuration.encoder.type.name == "x-vector" && configuration.encoder.own["channels"] == .number(48))
    #expect(configuration.encoder.embedding == 24 && configuration.features.bins == 40)
    #expect(configuration.features.window == .povey && configuration.features.dither == 1)
    #expect(configuration.encoder.batchNormalization == .global && configuration.crop.seconds == 3)
    #expect(configuration.training.from == path)
    let own = try load(["encoder.batchNormalization=local", "features.dither=0.5"], from: path)
    #expect(own.encoder.batchNormalization == .local && own.features.dither == 0.5)
    // What a run stores needs no file.
    try FileManager.default.removeItem(atPath: path)
    let file = folder.path("config.yaml")
    try Data(configuration.yaml.utf8).write(to: URL(fileURLWithPath: file))
    #expect(try Configuration.load(file: file) == configuration)
  }

  @Test(arguments: [
    (
      ["encoder.channels=32", "features.bins=80"],
      ["features.bins is 80, there 40", "encoder.channels is 32, there 48"]
    ),
    (
      ["encoder.type=ecapa-tdnn"], ["encoder.type is ecapa-tdnn, there x-vector", "encoder.embedding is 192, there 24"]
    ),
    (["features.type=tfmel"], ["features.type is tfmel, there kaldi"]),
    (["features.type=speechbrain"], ["features.type is speechbrain, there kaldi"]),
    (["encoder.depth=34"], ["encoder.depth is not a setting of encoder.type x-vector"]),
    (["training.fromClassifier=keep"], ["training.fromClassifier: expected one of drawn, kept"]),
  ])
  func `settings that are given and are not the stored encoder's are refused by name`(
    settings: [String], words: [String]
  ) throws {
    let path = try model()
    let failure = try #require(throws: Failure.self) { try load(settings, from: path) }
    #expect(failure.kind == .usage && !failure.message.contains("\n"))
    for word in words { #expect(failure.message.contains(word), "\(failure.message)") }
  }

  @Test func `a file that is not there, or no encoder's, is bad data, unless the run itself is there`() throws {
    let missing = folder.path("missing.safetensors")
    #expect(try #require(throws: Failure.self) { try load([], from: missing) }.kind == .badData)
    let path = folder.path("other.safetensors")
    try SafetensorsFile.write([], metadata: [:], to: path)
    #expect(try #require(throws: Failure.self) { try load([], from: path) }.kind == .badData)

    let run = folder.path("run")
    _ = try model(at: "run/checkpoints/step-00000003/model.safetensors")
    let resumed = try load([], from: missing, resuming: run)
    #expect(resumed.encoder.type.name == "x-vector" && resumed.training.from == missing)
    // A checkpoint that cannot be read leaves it to an older one.
    try FileSystem.createFolder(folder.path("run/checkpoints/step-00000004"))
    #expect(try load([], from: missing, resuming: run).features.bins == 40)
  }

  @Test func `a path from the configuration's folder stays the run's when nothing is there any more`() throws {
    let path = try model(at: "start/model.safetensors")
    let file = folder.path("c.yaml")
    try folder.write("c.yaml", "training:\n  from: start/model.safetensors\n")
    let first = try Configuration.load(GivenSettings(file: file))
    #expect(first.training.from == path)
    _ = try model(at: "run/checkpoints/step-00000003/model.safetensors")
    try folder.write("run/config.yaml", first.yaml)
    try FileManager.default.removeItem(atPath: path)
    let second = try Configuration.load(GivenSettings(file: file), resuming: folder.path("run"))
    #expect(second.training.from == path && second.differences(from: first).isEmpty)
    try folder.write("c.yaml", "training:\n  from: other/model.safetensors\n")
    let third = try Configuration.load(GivenSettings(file: file), resuming: folder.path("run"))
    #expect(third.differences(from: first).map(\.key) == ["training.from"])
  }

  @Test func `parts and factors read back as they were given, and others are refused`() throws {
    let settings = [
      "training.frozen=[layer1, pool.linear1]", "training.learningRates={layer2: 0.1, 'a b': 1e-3}",
      "schedule.unfreeze=20",
    ]
    let configuration = try Configuration.load(file: nil, overrides: settings)
    #expect(configuration.training.frozen.map(\.name) == ["layer1", "pool.linear1"])
    #expect(configuration.training.learningRates.values == ["layer2": 0.1, "a b": 0.001])
    #expect(configuration.schedule.unfreeze == 20)
    #expect(configuration.yaml.contains("  frozen: [layer1, pool.linear1]\n"))
    #expect(configuration.yaml.contains(#"  learningRates: {"a b": 0.001, layer2: 0.1}"# + "\n"))
    try folder.write("c.yaml", configuration.yaml)
    #expect(try Configuration.load(file: folder.path("c.yaml")) == configuration)
    let plain = try Configuration.load(file: nil)
    #expect(
      configuration.differences(from: plain).map(\.key) == [
        "schedule.unfreeze", "training.frozen", "training.learningRates",
      ])

    for (setting, words) in [
      ("training.frozen=layer1", "expected a list, each the beginning of a parameter's name, found layer1"),
      ("training.learningRates=[1]", "expected a group of factors by part"),
      ("training.learningRates={layer1: fast}", "expected a group of factors by part"),
      ("training.learningRates={layer1: 0}", "allowed is above 0, at most 1000, found {layer1: 0}"),
      ("schedule.unfreeze=-1", "schedule.unfreeze: allowed is 0 to 1000000000, or null, found -1"),
      ("training.fromClassifier=kept", "kept without training.from"),
    ] {
      let failure = try #require(throws: Failure.self) { try Configuration.load(file: nil, overrides: [setting]) }
      #expect(failure.kind == .usage && failure.message.contains(words), "\(failure.message)")
    }
  }
}
