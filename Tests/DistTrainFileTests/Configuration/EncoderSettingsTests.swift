import DistTrain
import TestTools
import Testing

/// Settings that a type of encoder has of its own.
@Suite struct EncoderSettingsTests {
  private enum Shape: String, CaseIterable {
    case wide, tall
  }

  /// A second type beside ECAPA-TDNN, one of whose settings has the name of another one of that type's.
  private static let plain = EncoderArchitecture(
    name: "plain",
    settings: [
      .number("channels", 24, "width", from: 3, multipleOf: 3), .choice("shape", Shape.wide, "shape of a map"),
      .truth("deep", false, "has more layers"),
    ]
  ) { own, bins, dimensions in
    var sizes = ECAPATDNN.Sizes()
    (sizes.bins, sizes.embedding) = (bins, dimensions)
    let shape: Shape = own.choice("shape")
    sizes.channels = own.number("channels") * (shape == .tall ? 16 : 8) * (own.truth("deep") ? 2 : 1)
    return ECAPATDNN(sizes)
  }

  private static let types = EncoderArchitecture.known + [plain]

  private func load(_ overrides: [String], file: String? = nil) throws -> Configuration {
    try Configuration.load(file: file, overrides: overrides, encoders: Self.types)
  }

  private func refusal(_ overrides: [String]) -> String? { failure { _ = try load(overrides) }?.message }

  @Test func `a type's own settings are read wherever the type is named, and make its encoder`() throws {
    for overrides in [
      ["encoder.channels=6", "encoder.shape=tall", "encoder.deep=true", "encoder.type=plain"],
      ["encoder={channels: 6, deep: true, shape: tall, type: plain, embedding: 7}"],
    ] {
      let encoder = try load(overrides).network
      #expect((encoder as? ECAPATDNN)?.sizes.channels == 6 * 16 * 2)
    }
    #expect((try load(["encoder.type=plain"]).network as? ECAPATDNN)?.sizes.channels == 24 * 8)
  }

  @Test func `another type's settings are refused by name, with this type's own`() throws {
    #expect(
      refusal(["encoder.type=plain", "encoder.layout=wespeaker"])
        == "--set encoder.layout=wespeaker: encoder.layout is not a setting of encoder.type plain; "
        + "its own are channels, shape, deep")
    try withConfigurationFile("encoder:\n  shape: wide\n  channels: 16\n") { file in
      #expect(
        failure { _ = try load([], file: file) }?.message
          == "\(file):2: encoder.shape is not a setting of encoder.type ecapa-tdnn; "
          + "its own are layout, channels, aggregation, globalContext, pooling")
    }
  }

  @Test func `each type's values have its own bounds`() throws {
    #expect(
      refusal(["encoder={type: plain, channels: 4}"])
        == "--set encoder={type: plain, channels: 4}: encoder.channels: allowed is a multiple of 3 from 3 to 65536, found 4"
    )
    #expect(
      refusal(["encoder.type=plain", "encoder.shape=round"])
        == "--set encoder.shape=round: encoder.shape: expected one of wide, tall, found round")
    #expect(
      refusal(["encoder.type=plian"])
        == "--set encoder.type=plian: encoder.type: expected one of "
        + "\(Self.types.map(\.name).joined(separator: ", ")), found plian")
    #expect(refusal(["encoder.shap=wide"])?.contains("unknown setting; near: encoder.shape") == true)
    #expect(refusal(["encoder.channels=8", "encoder={channels: 9}"])?.contains("found 9") == true)
  }

  @Test func `a number among several is refused where it is another`() throws {
    #expect(
      refusal(["encoder={type: resnet, depth: 35}"])
        == "--set encoder={type: resnet, depth: 35}: encoder.depth: "
        + "allowed is 18 | 34 | 50 | 100 | 101 | 152 | 221 | 293, found 35")
    #expect(
      refusal(["encoder.type=resnet", "encoder.depth=deep"])
        == "--set encoder.depth=deep: encoder.depth: expected a whole number, found deep")
    #expect(
      refusal(["encoder.depth=34"])
        == "--set encoder.depth=34: encoder.depth is not a setting of encoder.type ecapa-tdnn; "
        + "its own are layout, channels, aggregation, globalContext, pooling")
    let sizes = (try load(["encoder={depth: 101, channels: 4, twoLayers: true, type: resnet}"]).network as? ResNet)?
      .sizes
    #expect(sizes?.depth == .layers101 && sizes?.channels == 4 && sizes?.twoLayers == true)
  }

  @Test func `a ResNet's gate and pooling are settings, and an older file without them has neither gate nor attention`()
    throws
  {
    let sizes = (try load(["encoder={gate: simam, pooling: asp, type: resnet}"]).network as? ResNet)?.sizes
    #expect(sizes?.gate == .simam && sizes?.pooling == .asp)
    let plain = (try load(["encoder={type: resnet}"]).network as? ResNet)?.sizes
    #expect(plain?.gate == ResNet.Gate.none && plain?.pooling == .tstp)
    #expect((try load(["encoder={type: x-vector, pooling: xi}"]).network as? XVector)?.sizes.pooling == .xi)
    #expect(
      refusal(["encoder={type: resnet, gate: se}"])
        == "--set encoder={type: resnet, gate: se}: encoder.gate: expected one of none, simam, found se")
    #expect(
      refusal(["encoder={type: resnet, pooling: max}"])?.hasSuffix(
        "encoder.pooling: expected one of tstp, astp, asp, xi, found max") == true)
    let configuration = try load(["encoder={type: resnet, gate: simam}"])
    var metadata = configuration.encoderMetadata
    #expect(metadata["encoder.gate"] == "simam" && metadata["encoder.pooling"] == "tstp")
    metadata["encoder.gate"] = nil
    metadata["encoder.pooling"] = nil
    let older = try Configuration.encoder(metadata: metadata, path: "model")
    #expect((older.network as? ResNet)?.sizes == plain)
  }

  @Test func `an ECAPA-TDNN's pooling is a setting of wespeaker's layout, and an older file without it is attentive`()
    throws
  {
    let configuration = try load(["encoder.pooling=xi"])
    #expect((configuration.network as? ECAPATDNN)?.sizes.pooling == .xi)
    #expect((try load([]).network as? ECAPATDNN)?.sizes.pooling == .astp)
    #expect(
      refusal(["encoder.pooling=asp"])
        == "--set encoder.pooling=asp: encoder.pooling: expected one of astp, tstp, xi, found asp")
    #expect(
      refusal(["encoder={layout: speechbrain, pooling: xi}"])
        == "encoder.pooling: SpeechBrain's layout has astp alone, found xi: set encoder.pooling=astp "
        + "or encoder.layout=wespeaker")
    #expect(try load(["encoder={layout: speechbrain, pooling: astp}"]).network.dimensions == 192)
    var metadata = configuration.encoderMetadata
    #expect(metadata["encoder.pooling"] == "xi")
    metadata["encoder.pooling"] = nil
    let older = try Configuration.encoder(metadata: metadata, path: "model")
    #expect((older.network as? ECAPATDNN)?.sizes.pooling == .astp)
  }

  @Test func `an x-vector's sizes are its own settings, from 1 on`() throws {
    let overrides = ["encoder={statistics: 9, channels: 4, type: x-vector, embedding: 7}", "features.bins=24"]
    let sizes = (try load(overrides).network as? XVector)?.sizes
    #expect(sizes?.channels == 4 && sizes?.statistics == 9 && sizes?.embedding == 7 && sizes?.bins == 24)
    #expect((try load(["encoder.type=x-vector"]).network as? XVector)?.sizes == XVector.Sizes())
    for setting in ["channels", "statistics"] {
      for number in ["0", "65537"] {
        #expect(
          refusal(["encoder.type=x-vector", "encoder.\(setting)=\(number)"])
            == "--set encoder.\(setting)=\(number): encoder.\(setting): allowed is 1 to 65536, found \(number)")
      }
    }
    #expect(
      refusal(["encoder.type=x-vector", "encoder.aggregation=8"])
        == "--set encoder.aggregation=8: encoder.aggregation is not a setting of encoder.type x-vector; "
        + "its own are channels, statistics, pooling")
    let largest = try load(["encoder={type: x-vector, channels: 65536, statistics: 65536, embedding: 65536}"])
    #expect(largest.network.layout.parameters.count > 1 << 34)
  }

  @Test func `the sizes of a CAM++ are settings, each with its bounds`() throws {
    let overrides = ["encoder={type: campplus, channels: 20, growth: 6, bottleneck: 2}"]
    let sizes = (try load(overrides).network as? CAMPPlus)?.sizes
    #expect(sizes?.channels == 20 && sizes?.growth == 6 && sizes?.bottleneck == 2)
    #expect(
      refusal(["encoder={type: campplus, bottleneck: 3}"])
        == "--set encoder={type: campplus, bottleneck: 3}: encoder.bottleneck: allowed is 1 | 2 | 4 | 8, found 3")
    #expect(refusal(["encoder={type: campplus, growth: 1}"])?.contains("allowed is 2 to 65536, found 1") == true)
    let largest = try load([
      "encoder={type: campplus, channels: 65536, growth: 65536, bottleneck: 8, embedding: 65536}"
    ])
    #expect(largest.network.layout.parameters.count > 1 << 40)
  }

  @Test func `a ReDimNet2 has wespeaker's sizes by name, and bins that its stages divide`() throws {
    let sizes = (try load(["encoder={type: redimnet2, size: b4}", "features.bins=72"]).network as? ReDimNet2)?.sizes
    #expect(sizes?.channels == 32 && sizes?.outputs == nil && sizes?.bins == 72 && sizes?.embedding == 192)
    #expect((try load(["encoder.type=redimnet2"]).network as? ReDimNet2)?.sizes.channels == 12)
    #expect(
      refusal(["encoder.type=redimnet2", "encoder.size=b7"])
        == "--set encoder.size=b7: encoder.size: expected one of b0, b1, b2, b3, b4, b5, b6, found b7")
    #expect(
      refusal(["encoder={type: redimnet2, size: b2}"])
        == "features.bins: a multiple of 12 for this encoder (redimnet2, size b2), found 80: set 72")
    #expect(
      refusal(["encoder={type: redimnet2, size: b2}", "features.bins=8"])
        == "features.bins: a multiple of 12 for this encoder (redimnet2, size b2), found 8: set 12")
    #expect(
      refusal(["encoder={type: redimnet2, size: b6}", "features.bins=60"])
        == "features.bins: a multiple of 8 for this encoder (redimnet2, size b6), found 60: set 56")
  }

  @Test func `a ReDimNet has sizes of its own, and bins that its stages divide`() throws {
    let sizes = (try load(["encoder={type: redimnet, size: b2}", "features.bins=72"]).network as? ReDimNet)?.sizes
    #expect(sizes?.channels == 16 && sizes?.blocks == .grouped(4) && sizes?.bins == 72 && sizes?.embedding == 192)
    let smallest = (try load(["encoder.type=redimnet", "features.bins=60"]).network as? ReDimNet)?.sizes
    #expect(smallest == ReDimNet.Sizes())
    #expect(
      refusal(["encoder.type=redimnet", "encoder.size=b3"])
        == "--set encoder.size=b3: encoder.size: expected one of b0, b1, b2, found b3")
    #expect(
      refusal(["encoder={type: redimnet, size: b1}"])
        == "features.bins: a multiple of 24 for this encoder (redimnet, size b1), found 80: set 72")
    #expect(
      refusal(["encoder={type: redimnet, size: b2}", "features.bins=60"])
        == "features.bins: a multiple of 8 for this encoder (redimnet, size b2), found 60: set 56")
    let metadata = try load(["encoder={type: redimnet, size: b2}", "features.bins=72"]).encoderMetadata
    #expect(metadata["encoder.type"] == "redimnet" && metadata["encoder.size"] == "b2")
  }

  @Test func `an embedding has the type's dimensions unless the configuration says others, in any order`() throws {
    #expect(try load([]).network.dimensions == 192)
    #expect(try load(["encoder.type=resnet"]).network.dimensions == 256)
    #expect(try load(["encoder.type=x-vector"]).network.dimensions == 512)
    #expect(try load(["encoder.type=campplus"]).network.dimensions == 512)
    for overrides in [["encoder.embedding=7", "encoder.type=resnet"], ["encoder={type: resnet, embedding: 7}"]] {
      #expect(try load(overrides).network.dimensions == 7)
    }
  }

  @Test(arguments: [
    "channels=65544", "channels=9223372036854775800", "aggregation=65537", "embedding=65537", "channels=0",
  ])
  func `sizes beyond use are refused, the largest take no memory`(setting: String) throws {
    #expect(refusal(["encoder.\(setting)"])?.contains(" to 65536, found ") == true)
    let largest = try Configuration.load(
      file: nil,
      overrides: [
        "encoder={channels: 65536, aggregation: 65536, embedding: 65536, layout: speechbrain}", "features.bins=128",
      ])
    #expect(largest.network.layout.parameters.count > 1 << 34)
  }

  @Test func `a stored configuration and a file's metadata give the same encoder again`() throws {
    let configuration = try load(["encoder={type: plain, channels: 9, deep: true}", "encoder.embedding=5"])
    #expect(
      configuration.yaml.contains(
        "encoder:\n  type: plain\n  channels: 9\n  shape: wide\n  deep: true\n  embedding: 5\n"))
    try withConfigurationFile(configuration.yaml) { file in
      let readBack = try load([], file: file)
      #expect(readBack == configuration)
      #expect(readBack.differences(from: configuration).isEmpty)
    }
    #expect(configuration.encoderMetadata["encoder.channels"] == "9")
    #expect(configuration.encoderMetadata["encoder.layout"] == nil)
    #expect(configuration.encoder.description == "plain, channels 9, shape wide, deep true")
  }

  @Test func `of two types the settings that both have are compared, and the type`() throws {
    let (plain, other) = (try load(["encoder.type=plain"]), try load([]))
    let differences = plain.differences(from: other)
    #expect(differences.map(\.key) == ["encoder.type", "encoder.channels"])
    #expect(differences.map(\.stored) == ["ecapa-tdnn", "512"] && differences.map(\.now) == ["plain", "24"])
    #expect(try load(["encoder={type: plain, deep: true}"]).differences(from: plain).map(\.key) == ["encoder.deep"])
  }

  /// Keys that today's files have.
  @Test func `every known type makes an encoder of its defaults, and names no setting that all types have`() throws {
    for type in EncoderArchitecture.known {
      let encoder = type.encoder(type.defaults, bins: 40, dimensions: 12)
      #expect(encoder.bins == 40 && encoder.dimensions == 12, "\(type.name)")
      #expect(Set(type.settings.map(\.name)).isDisjoint(with: ["type", "embedding", "batchNormalization"]))
    }
    let text = try Configuration.load(
      file: nil,
      overrides: [
        "encoder={type: ecapa-tdnn, layout: speechbrain, channels: 16, aggregation: 24, globalContext: false}"
      ])
    #expect(
      text.yaml.contains(
        "encoder:\n  type: ecapa-tdnn\n  layout: speechbrain\n  channels: 16\n  aggregation: 24\n  globalContext: false\n"
      ))
  }
}
