import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct ExportedEncoderTests {
  typealias Folded = (convolution: String, normalization: String, epsilon: Double)

  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private static let residual: [Folded] = [
    ("conv1", "bn1", 1e-5), ("conv2", "bn2", 1e-5), ("conv3", "bn3", 1e-5), ("shortcut.0", "shortcut.1", 1e-5),
    ("downsample.0", "downsample.1", 1e-5),
  ]
  private static let campplus: [Folded] =
    residual + [
      ("tdnn.linear", "tdnn.nonlinear.batchnorm", 1e-5), ("linear1", "nonlinear2.batchnorm", 1e-5),
      ("transit3.linear", "out_nonlinear.batchnorm", 1e-5),
    ]
  private static let reDimNet: [Folded] = [("conv2pw", "bn2", 1e-5), ("0", "1", 1e-6)]

  private func graph(_ settings: [String]) throws -> ExporterGraph {
    ExporterGraph(try Configuration.load(file: nil, overrides: settings).network)
  }

  private static let xVector = [
    "encoder={type: x-vector, channels: 3, statistics: 5, embedding: 4}", "features.bins=24",
  ]

  private static let encoders: [(settings: [String], folded: [Folded])] = [
    (["encoder={type: ecapa-tdnn, channels: 8, aggregation: 12, embedding: 6}", "features.bins=24"], []),
    (xVector, []),
    (["encoder={type: resnet, depth: 18, channels: 3, embedding: 5}", "features.bins=24"], residual),
    (["encoder={type: resnet, depth: 50, channels: 2, twoLayers: true, pooling: astp}", "features.bins=16"], residual),
    (["encoder={type: resnet, depth: 34, channels: 2, gate: simam, pooling: asp}", "features.bins=16"], residual),
    (
      ["encoder={type: campplus, channels: 12, growth: 6, bottleneck: 2, embedding: 11}", "features.bins=24"], campplus
    ),
    (["encoder={type: redimnet, size: b0, embedding: 10}", "features.bins=16"], reDimNet),
    (["encoder={type: redimnet2, size: b0, embedding: 10}", "features.bins=24"], reDimNet),
  ]

  @Test(arguments: encoders.indices, ["", "model."])
  func `an exported encoder embeds as the one that it was`(index: Int, prefix: String) throws {
    let (settings, folded) = Self.encoders[index]
    var graph = try graph(settings)
    let path = folder.path("x.onnx")
    try graph.write(prefix: prefix, folded: folded, to: path)
    let encoder = try ForeignEncoder(path, toolkit: .wespeaker)
    let output = folder.path("encoder.safetensors")
    try encoder.write(to: output)
    let noise = NoiseCorpus.noise(speaker: 1, utterance: 1, seconds: 1)
    let features = FilterBank(encoder.configuration.features).features(of: noise, dither: nil)
    let expected = graph.embedding(of: features)
    let found = try TrainedEncoder(output).extractor.embedding(of: noise, name: "noise")
    let scale = expected.reduce(0) { max($0, abs($1)) }
    let error = zip(expected, found).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(scale > 0 && error < 2e-4 * scale, "\(error) of \(scale)")
    let notes = encoder.notes.filter { $0.contains("normalisations are folded into their convolutions") }
    #expect(notes.count == (folded.isEmpty ? 0 : 1))
  }

  @Test func `a folded normalisation becomes one that adds the shift`() throws {
    var graph = try graph(Self.encoders[2].settings)
    try graph.write(prefix: "", folded: Self.residual, to: folder.path("x.onnx"))
    let encoder = try ForeignEncoder(folder.path("x.onnx"))
    #expect(encoder.notes.contains { $0.hasPrefix("20 normalisations are folded") })
    let output = folder.path("encoder.safetensors")
    try encoder.write(to: output)
    let file = try SafetensorsFile(path: output)
    #expect(try file.values(of: "layer2.0.shortcut.1.weight") == [Float](repeating: 1, count: 6))
    #expect(try file.values(of: "layer2.0.shortcut.1.running_mean") == [Float](repeating: 0, count: 6))
    let variances = try file.values(of: "layer2.0.shortcut.1.running_var")
    #expect(variances == [Float](repeating: 0.99999, count: 6))
    // In single precision the inverse deviation is 1.
    #expect(Float(1 / (Double(variances[0]) + 1e-5).squareRoot()) == 1)
    #expect(try file.values(of: "layer2.0.shortcut.1.bias").contains { $0 != 0 })
  }

  @Test func `convolutions that keep their names hold normalisations, too`() throws {
    var graph = try graph(Self.encoders[2].settings)
    graph.namesConvolutions = true
    try graph.write(prefix: "model.", folded: Self.residual, to: folder.path("x.onnx"))
    let encoder = try ForeignEncoder(folder.path("x.onnx"))
    #expect(encoder.notes.contains { $0.hasPrefix("20 normalisations are folded") })
  }

  // MARK: - Names

  @Test(
    arguments: [
      ("/conv1/Conv", "conv1"), ("/model/layer1/layer1.0/conv1/Conv_2", "model.layer1.0.conv1"),
      ("/a/a.5/a.5.0/Conv", "a.5.0"), ("/se/se.1/convs.0/Conv", "se.1.convs.0"),
      ("/layer1/layer10/Conv", "layer1.layer10"),
      ("/Sub", ""), ("Conv_17", nil), ("", nil), ("a/Conv", nil),
    ] as [(String, String?)])
  func `a node's name tells its module`(node: String, module: String?) {
    #expect(ExportedModule.name(ofNode: node) == module)
  }

  private func values(_ tensors: ExportedTensors, _ name: String) throws -> [Float] {
    var values = [Float](repeating: .nan, count: try tensors.shape(of: name).reduce(1, *))
    try values.withUnsafeMutableBufferPointer { try tensors.read(name, into: $0) }
    return values
  }

  private func tensors(_ change: (inout WrittenONNX) -> Void) throws -> ExportedTensors {
    var file = WrittenONNX()
    change(&file)
    try file.write(to: folder.path("x.onnx"))
    return try ExportedTensors(path: folder.path("x.onnx"))
  }

  @Test func `tensors without names are named by the nodes that read them`() throws {
    let tensors = try tensors {
      $0.addTensor("a.weight", [2], [1, 2])
      $0.addTensor("onnx::MatMul_1", [2, 3], [1, 2, 3, 4, 5, 6])
      $0.addTensor("7", [2, 3], [1, 2, 3, 4, 5, 6])
      $0.addTensor("onnx::Mul_2", [1, 2, 1, 1], [1, 0])
      $0.addTensor("onnx::Add_3", [2, 1], [8, 9])
      $0.addTensor("onnx::Pow_4", [1], [2])
      $0.addNode("Identity", "Identity_0", ["a.weight"], output: "b.weight")
      $0.addNode("Identity", "Identity_1", ["onnx::Add_3"], output: "onnx::Add_9")
      $0.addNode("MatMul", "/c/MatMul", ["x", "onnx::MatMul_1"])
      $0.addNode("Gemm", "/d/Gemm", ["x", "7"], transB: 1)
      $0.addNode("Gemm", "/e/Gemm", ["x", "7"])
      $0.addNode("Mul", "/f/Mul", ["onnx::Mul_2", "x"])
      $0.addNode("Mul", "/m/backbone/Mul_1", ["onnx::Mul_2", "x"])
      $0.addNode("Add", "/g/Add_1", ["x", "onnx::Add_9"])
      $0.addNode("Pow", "/h/Pow", ["x", "onnx::Pow_4"])
    }
    #expect(
      tensors.names == [
        "a.weight", "b.weight", "c.weight", "d.weight", "e.weight", "f.w", "m.backbone.inputs_weights.1", "g.bias",
      ])
    #expect(try values(tensors, "b.weight") == [1, 2])
    #expect(try tensors.shape(of: "c.weight") == [3, 2])
    #expect(try values(tensors, "c.weight") == [1, 4, 2, 5, 3, 6])
    #expect(try values(tensors, "d.weight") == [1, 2, 3, 4, 5, 6])
    #expect(try values(tensors, "e.weight") == [1, 4, 2, 5, 3, 6])
    #expect(try values(tensors, "f.w") == [0, log(Float.leastNonzeroMagnitude)])
    #expect(try values(tensors, "g.bias") == [8, 9] && tensors.shape(of: "g.bias") == [2])
  }

  @Test func `nodes without modules are told, where their weights are the exporter's`() throws {
    let message = failure {
      _ = try tensors {
        $0.addTensor("507", [1, 1, 1], [1])
        $0.addNode("Conv", "Conv_17", ["x", "507"])
      }
    }?.message
    #expect(message?.contains("its node Conv_17 does not say of which module it is") == true, "\(message ?? "")")
    let named = try tensors {
      $0.addTensor("a.weight", [1, 1, 1], [1])
      $0.addTensor("val_3", [2], [1, 1])
      $0.addNode("Conv", "Conv_17", ["x", "a.weight"])
      $0.addNode("BatchNormalization", "node_B", ["x", "val_3", "val_3", "val_3", "val_3"])
    }
    #expect(named.names == ["a.weight"])
  }

  // MARK: - Metadata

  private func encoder(_ metadata: [(String, String)], mean: [Float]? = nil) throws -> ForeignEncoder {
    var graph = try graph(Self.xVector)
    graph.file.metadata = metadata.map { (key: $0.0, text: $0.1) }
    if let mean { graph.file.addTensor("mean_vec", [mean.count], mean) }
    try graph.write(prefix: "", folded: [], to: folder.path("x.onnx"))
    return try ForeignEncoder(folder.path("x.onnx"))
  }

  @Test func `sherpa-onnx's metadata say whose features the encoder has`() throws {
    let wespeaker = try encoder([("framework", "wespeaker"), ("sample_rate", "16000"), ("output_dim", "4")])
    #expect(wespeaker.configuration.features == FrontEnd(bins: 24))
    #expect(wespeaker.notes.contains { $0.hasSuffix("x.onnx (its metadata) was read, wespeaker's configuration") })
    let other = try encoder([
      ("framework", "3d-speaker"), ("normalize_samples", "1"), ("feature_normalize_type", "global-mean"),
    ])
    #expect(other.configuration.features.window == .povey && other.configuration.features.scale == .unit)
    let odd = try encoder([("framework", "wespeaker"), ("normalize_samples", "1"), ("feature_normalize_type", "x")])
    #expect(odd.configuration.features.scale == .unit && odd.configuration.features.window == .hamming)
    #expect(odd.notes.contains { $0.contains("feature_normalize_type x has no setting here") })
    let none = try encoder([("framework", "nemo")])
    #expect(none.notes.contains { $0.contains("those of wespeaker are assumed") })
    #expect(
      failure { _ = try encoder([("framework", "wespeaker"), ("sample_rate", "8000")]) }?.message.contains(
        "hears 8000.0 Hz, svdist's hear 16000 Hz") == true)
    #expect(
      failure { _ = try encoder([("framework", "wespeaker"), ("output_dim", "5")]) }?.message.contains(
        "embeddings of 5 dimensions, the tensors make 4") == true)
  }

  @Test func `a mean that the graph subtracts is told unless it is zero`() throws {
    let told = { (mean: [Float]?) in try encoder([], mean: mean).notes.contains { $0.contains("--subtract-mean") } }
    #expect(try !told(nil) && !told([0, 0, 0, 0]))
    #expect(try told([0, 0, 1, 0]))
  }

  @Test func `CAM++ without what wespeaker's exporter adds is 3D-Speaker's`() throws {
    for (mean, window) in [(nil, FrontEnd.Window.povey), ([0, 0], .hamming)] as [([Float]?, FrontEnd.Window)] {
      var graph = try graph(Self.encoders[5].settings)
      if let mean { graph.file.addTensor("mean_vec", [mean.count], mean) }
      try graph.write(prefix: "", folded: Self.campplus, to: folder.path("x.onnx"))
      #expect(try ForeignEncoder(folder.path("x.onnx")).configuration.features.window == window)
    }
  }

  @Test func `a graph that svdist exported is told`() throws {
    #expect(
      failure { _ = try encoder([("framework", "wespeaker"), ("encoder.type", "x-vector")]) }?.message.hasSuffix(
        "is a graph that svdist exported: --encoder takes the encoder's own file in its place") == true)
  }
}
