import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct ONNXFileTests {
  /// Written by scripts/golden with the Python library.
  private let golden: Data
  private let metadata = ["note": "a \"b\" é𝄞", "language": "", "framework": "wespeaker"]

  init() throws { golden = try Data(contentsOf: Golden.url("graph.onnx")) }

  /// The graph of scripts/oracle/onnx_file.py. Its operations mean nothing.
  private func graph() -> ONNXGraph {
    var graph = ONNXGraph(name: "encoder")
    let features = graph.addInput("feats", shape: [.named("B"), .named("T"), .count(3)])
    let weight = graph.constant(
      .tensor(NamedTensor(name: "conv.weight", shape: [4, 3, 5], values: (0..<60).map { Float($0) / 8 - 3 })))
    let numbers = graph.constant(.numbers(name: "int_1_-1_300", [1, -1, 300]))
    let half = graph.constant(.tensor(NamedTensor(name: "float_0.5", shape: [], values: [0.5])))
    let convolved = graph.addNode(
      "Conv", [features, weight], [(name: "dilations", value: [2]), (name: "pads", value: [4, 4])])
    let weights = graph.addNode("Softmax", convolved, [(name: "axis", value: -1)])
    let parts = graph.addNode("Split", weights + [numbers], [(name: "axis", value: 1)], outputs: 2)
    let padded = graph.addNode("Pad", [parts[1], half], [(name: "mode", value: .text("reflect"))])
    let active = graph.addNode("Gelu", padded, [(name: "epsilon", value: .real(1e-5))])
    graph.addOutput("embs", active[0], shape: [.named("B"), .count(192)])
    return graph
  }

  private func write(_ graph: ONNXGraph, _ metadata: [String: String], in folder: String) throws -> Data {
    let path = folder + "/x.onnx"
    try ONNXFile.write(graph, producer: (name: "svdist", version: "1.2.3"), metadata: metadata, to: path)
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  @Test func `a graph is written as ONNX's Python library writes it`() throws {
    try withScratchFolder { folder in
      let written = try write(graph(), metadata, in: folder)
      #expect(written == golden)
    }
  }

  @Test func `a constant of the same name is stored once`() throws {
    try withScratchFolder { folder in
      var graph = graph()
      #expect(graph.constant(.numbers(name: "int_1_-1_300", [1, -1, 300])).name == "int_1_-1_300")
      #expect(graph.constants.count == 3)
      let written = try write(graph, metadata, in: folder)
      #expect(written == golden)
    }
  }

  @Test func `a graph of more bytes than protocol buffers count is refused, and no file is left`() throws {
    try withScratchFolder { folder in
      // Thirty-three times one tensor of 64 MiB, whose memory is never written.
      let buffer = Buffer(count: 1 << 24)
      var graph = ONNXGraph(name: "large")
      for index in 0..<33 {
        _ = graph.constant(.tensor(NamedTensor(name: "\(index)", shape: [1 << 24], buffer: buffer)))
      }
      let failure = failure { _ = try write(graph, [:], in: folder) }
      #expect(failure?.kind == .failed)
      #expect(failure?.message.contains("take --format safetensors") == true)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.isEmpty)
    }
  }

  @Test(
    arguments: [
      ([0x08, 0x08, 0x12], true), ([0x08, 0x07, 0x3A], true), ([0x08, 0x08], false), ([0x50, 0x4B, 0x03], false),
      ([], false),
    ] as [([UInt8], Bool)])
  func `a model is told by its first bytes`(bytes: [UInt8], isModel: Bool) {
    #expect(ONNXFile.isModel(beginningWith: bytes) == isModel)
  }
}
