import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct EncoderExportTests {
  /// An encoder that cannot say itself as a graph.
  private struct Opaque: Encoder {
    let inner: any Encoder
    var layout: EncoderLayout { inner.layout }
    var bins: Int { inner.bins }
    var dimensions: Int { inner.dimensions }
    var minimumFrames: Int { inner.minimumFrames }

    func encode(_ features: Matrix, utterances: Int, _ pass: ForwardPass) -> (embeddings: Matrix, pullback: Pullback) {
      inner.encode(features, utterances: utterances, pass)
    }
  }

  private let folder: TestFolder
  private let words = EncoderExport.Words(language: "x", version: "1")

  init() throws { folder = try TestFolder() }

  private func configuration(_ settings: [String] = []) throws -> Configuration {
    try Configuration.load(
      file: nil,
      overrides: ["encoder.channels=16", "encoder.aggregation=24", "encoder.embedding=8", "features.bins=24"] + settings
    )
  }

  /// The parameters and statistics of an encoder as they start.
  private func start(_ encoder: any Encoder) -> [(layout: ParameterLayout, values: Matrix)] {
    [encoder.layout.parameters, encoder.layout.statistics].map { layout in
      let values = Matrix(rows: 1, columns: layout.count)
      layout.initialise(values.pointer, seed: 1)
      return (layout, values)
    }
  }

  /// A file of parameters as a run leaves it, with a classifier beside the encoder.
  private func trained(_ settings: [String] = []) throws -> TrainedEncoder {
    let configuration = try configuration(settings)
    let tensors = start(configuration.network).flatMap { layout, values in
      layout.parameters.map {
        NamedTensor(name: $0.name, shape: $0.shape, buffer: values.buffer, offset: $0.offset)
      }
    }
    let classifier = NamedTensor(name: "projection.weight", shape: [2, 8], values: [Float](repeating: 1, count: 16))
    let path = folder.path("model.safetensors")
    try SafetensorsFile.write(tensors + [classifier], metadata: configuration.encoderMetadata, to: path)
    return try TrainedEncoder(path)
  }

  @Test func `the form is that which is named, or that of the suffix`() throws {
    #expect(try EncoderExport(named: nil, path: "a/x.onnx") == .onnx)
    #expect(try EncoderExport(named: nil, path: "x.safetensors") == .safetensors)
    #expect(try EncoderExport(named: "onnx", path: "x.safetensors") == .onnx)
    #expect(try EncoderExport(named: "wespeaker", path: "x.onnx") == .wespeaker)
    for (name, path) in [(nil, "x.pt"), (nil, "onnx"), (nil, "x.wespeaker"), ("torch", "x.onnx")] as [(String?, String)]
    {
      let failure = failure { _ = try EncoderExport(named: name, path: path) }
      let known = "onnx, safetensors, wespeaker, speechbrain or huggingface"
      #expect(failure?.kind == .usage && failure?.message.contains(known) == true, "\(path)")
    }
  }

  @Test func `tensors go out with their settings and without the classifier, and are the same encoder`() throws {
    let encoder = try trained()
    let path = folder.path("out.safetensors")
    #expect(try EncoderExport.safetensors.write(encoder, words, to: path) == [])
    let file = try SafetensorsFile(path: path)
    #expect(!file.contains("projection.weight") && file.contains("layer1.bn.running_var"))
    #expect(file.metadata == encoder.settings)
    #expect(try TrainedEncoder(path).identity == encoder.identity)
  }

  @Test func `a graph goes out with sherpa-onnx's metadata and the encoder's settings`() throws {
    let encoder = try trained()
    let path = folder.path("out.onnx")
    let remarks = try EncoderExport.onnx.write(encoder, .init(language: "Welsh", version: "9.8"), to: path)
    #expect(remarks == [encoder.sherpaRemark])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let expected = encoder.sherpaMetadata(language: "Welsh", version: "9.8").merging(encoder.settings) { $1 }
    for (key, value) in expected {
      // Each is a message of two texts, whose lengths are before them.
      let texts = [(UInt8(0x0A), key), (0x12, value)]
      let entry = texts.reduce(into: Data()) { $0 += [$1.0, UInt8($1.1.utf8.count)] + Array($1.1.utf8) }
      #expect(bytes.range(of: entry) != nil, "\(key): \(value)")
    }
    for name in ["feats", "embs", "layer1.conv.weight", "layer1.bn.running_var"] {
      #expect(bytes.range(of: Data(name.utf8)) != nil, "\(name)")
    }
  }

  @Test(arguments: [
    (["features.scale=int16"], "0", "global-mean"), (["features.scale=unit"], "1", "global-mean"),
    (["features.meanRemoval=none"], "0", ""),
  ])
  func `sherpa-onnx is told how the features come about`(settings: [String], scale: String, mean: String) throws {
    let metadata = try trained(settings).sherpaMetadata(language: "German", version: "9.8")
    #expect(
      metadata == [
        "framework": "wespeaker", "model_type": "ecapa-tdnn", "language": "German", "comment": "svdist 9.8",
        "sample_rate": "16000", "output_dim": "8", "normalize_samples": scale, "feature_normalize_type": mean,
      ])
  }

  @Test func `features that sherpa-onnx computes otherwise are named`() throws {
    let remark = try #require(try trained().sherpaRemark)
    for words in [
      "features.bins 24, there 80", "features.window hamming, there povey", "features.edges snip, there mirror",
      "features.highestFrequency 8000, there 7600",
    ] {
      #expect(remark.contains(words), "\(remark)")
    }
    let sherpa = [
      "features={window: povey, edges: mirror, highestFrequency: 7600, bins: 80, scale: unit, meanRemoval: none}"
    ]
    #expect(try trained(sherpa).sherpaRemark == nil)
    #expect(try trained(["features={profile: sherpa, bins: 80}"]).sherpaRemark == nil)
    let other = try trained(["features={profile: sherpa, bins: 80, window: hann}"]).sherpaRemark
    #expect(other?.contains("(features.window hann, there povey): ") == true)
    for type in ["tfmel", "speechbrain"] {
      let remark = try trained(["features.type=\(type)"]).sherpaRemark
      #expect(remark?.contains("features.type \(type), there kaldi") == true, "\(remark ?? "")")
    }
  }

  @Test func `an encoder without a graph is refused in one line`() throws {
    let encoder = Opaque(inner: try configuration().network)
    let values = start(encoder).map(\.values)
    let extractor = EmbeddingExtractor(
      encoder: encoder, frontEnd: FrontEnd(bins: 24), parameters: values[0], statistics: values[1])
    let failure = failure { _ = try extractor.graph(of: "run") }
    #expect(failure?.kind == .usage)
    #expect(failure?.message == "run: there is no ONNX graph of this type of encoder: take --format safetensors")
  }

  @Test func `other files than such encoders are not replaced`() throws {
    for (form, other) in [(EncoderExport.onnx, "PK\u{3}\u{4} and more"), (.safetensors, "{}")] {
      let path = folder.path("taken.\(form.rawValue)")
      try TestTools.write(other, to: path)
      #expect(failure { try form.check(path) }?.kind == .usage)
      try FileManager.default.removeItem(atPath: path)
      #expect(failure { try form.check(path) } == nil)
      _ = try form.write(try trained(), words, to: path)
      #expect(failure { try form.check(path) } == nil)
    }
  }

  @Test func `a checkpoint's own file is not replaced by another encoder`() throws {
    let path = try trained().path
    #expect(failure { try EncoderExport.safetensors.check(path) } == nil)
    try TestTools.write("{}", to: folder.path("manifest.json"))
    #expect(failure { try EncoderExport.safetensors.check(path) }?.kind == .usage)
  }
}
