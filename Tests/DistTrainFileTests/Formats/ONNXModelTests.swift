import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct ONNXModelTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func values(_ model: ONNXModel, _ name: String) throws -> [Float] {
    let tensor = try #require(model.tensors[name])
    var values = [Float](repeating: .nan, count: tensor.count)
    try values.withUnsafeMutableBufferPointer { try model.read(tensor, into: $0) }
    return values
  }

  private func model(_ change: (inout WrittenONNX) -> Void) throws -> ONNXModel {
    var file = WrittenONNX()
    change(&file)
    try file.write(to: folder.path("x.onnx"))
    return try ONNXModel(path: folder.path("x.onnx"))
  }

  private func refusal(_ change: (inout WrittenONNX) -> Void) -> String {
    let failure = failure { _ = try model(change) }
    #expect(failure?.kind == .badData)
    return failure?.message ?? ""
  }

  /// Written by scripts/golden with ONNX's Python library, see ONNXFileTests.
  @Test func `a graph of ONNX's Python library reads back`() throws {
    let model = try ONNXModel(path: Golden.url("graph.onnx").path)
    #expect(model.producer == "svdist")
    #expect(model.metadata == ["note": "a \"b\" é𝄞", "language": "", "framework": "wespeaker"])
    #expect(model.nodes.map(\.operation) == ["Conv", "Softmax", "Split", "Pad", "Gelu", "Identity"])
    #expect(model.nodes[2].inputs == ["Softmax_1", "int_1_-1_300"] && model.nodes[2].name == "Split_2_0")
    #expect(model.nodes[2].outputs == ["Split_2_0", "Split_2_1"])
    #expect(model.nodes[1].numbers == ["axis": -1] && model.nodes[0].numbers.isEmpty)
    #expect(model.names == ["conv.weight", "int_1_-1_300", "float_0.5"])
    #expect(model.tensors["conv.weight"]?.shape == [4, 3, 5] && model.tensors["float_0.5"]?.shape == [])
    #expect(try values(model, "conv.weight") == (0..<60).map { Float($0) / 8 - 3 })
    #expect(try values(model, "float_0.5") == [0.5])
    #expect(try values(model, "int_1_-1_300") == [1, -1, 300])
  }

  @Test func `numbers of every kind and in every field read back`() throws {
    // 1.5 and -2 in each type.
    let model = try model {
      $0.addTensor("floats", [2], type: 1, field: 4, [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0])
      let doubles: [UInt8] = [0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0]
      $0.addTensor("doubles", [1, 2], type: 11, field: 10, doubles)
      $0.addTensor("raw", [2, 1], type: 11, field: 9, doubles)
      $0.addTensor("half", [2], type: 10, field: 9, [0, 0x3E, 0, 0xC0])
      $0.addTensor("halves", [2], type: 10, field: 5, [0x80, 0x7C, 0x80, 0x80, 0x03])
      $0.addTensor("brains", [2], type: 16, field: 5, [0xC0, 0x7F, 0x80, 0x80, 0x03])
      $0.addTensor("empty", [0, 3], [])
      $0.addTensor("integers", [1], type: 7, field: 7, [5])
    }
    for name in ["floats", "doubles", "raw", "half", "halves", "brains"] {
      #expect(try values(model, name) == [1.5, -2], "\(name)")
    }
    #expect(try values(model, "empty") == [])
    #expect(model.tensors["doubles"]?.shape == [1, 2])
    #expect(failure { _ = try values(model, "integers") }?.message.contains("of I64 cannot be read as floats") == true)
  }

  @Test func `extents may lie one behind the other`() throws {
    let model = try model {
      var tensor = ProtobufMessage()
      tensor.add(1, [2, 0xAC, 0x02])
      tensor.add(2, 1)
      tensor.add(8, "x")
      tensor.add(9, [UInt8](repeating: 0, count: 2400))
      $0.graph.add(5, tensor)
    }
    #expect(model.tensors["x"]?.shape == [2, 300])
  }

  @Test func `a file cut off anywhere is told, and none of its bytes changed traps`() throws {
    let bytes = try InputFile.contents(of: Golden.url("graph.onnx").path)
    var graphs = 0
    for count in 0..<bytes.count {
      let path = try folder.write("cut.onnx", bytes.prefix(count))
      let failure = failure { _ = try ONNXModel(path: path) }
      // Behind the graph lie only what the operations mean and the metadata.
      if failure == nil { graphs += 1 } else { #expect(failure?.kind == .badData) }
    }
    #expect(graphs == 4)
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x41
      let model = try? ONNXModel(path: try folder.write("changed.onnx", changed))
      for name in model?.names ?? [] { _ = try? model.map { try values($0, name) } }
    }
  }

  @Test func `what the bytes do not hold is told`() {
    #expect(
      refusal { $0.addTensor("x", [3], type: 1, field: 9, [0, 0, 0, 0]) }.contains("4 bytes do not hold its 3 numbers"))
    #expect(
      refusal { $0.addTensor("x", [3], type: 10, field: 5, [0, 0]) }.contains("2 bytes do not hold its 3 numbers"))
    #expect(refusal { $0.addTensor("x", [-1], type: 1, field: 9, []) }.contains("tensor x: shape [-1] is none"))
    let large = [1 << 40, 1 << 40]
    #expect(refusal { $0.addTensor("x", large, type: 1, field: 9, []) }.contains("tensor x: shape [1099511627776, 1"))
    #expect(refusal { $0.addTensor("x", [1 << 62], type: 1, field: 9, []) }.contains("is none"))
    #expect(
      refusal { $0.addTensor("x", [1], type: 8, field: 6, [65]) }.contains("are of ONNX's type 8, which is not read"))
    #expect(
      refusal {
        $0.addTensor("x", [1], [1])
        $0.addTensor("x", [1], [1])
      }.contains("has two tensors named x"))
    #expect(refusal { $0.rest.add(7, ProtobufMessage()) }.contains("has two graphs"))
  }

  @Test func `numbers one by one, in pieces, or in other files are told`() {
    func refusal(_ change: (inout ProtobufMessage) -> Void) -> String {
      var tensor = WrittenONNX.head("x", [2], type: 1)
      change(&tensor)
      return self.refusal { $0.graph.add(5, tensor) }
    }
    #expect(refusal { $0.add(4, Float(1)) }.contains("its tensors' numbers are stored one by one"))
    #expect(
      refusal {
        $0.add(4, [0, 0, 0, 0])
        $0.add(4, [0, 0, 0, 0])
      }.contains("tensor x: its numbers lie in several pieces"))
    #expect(refusal { $0.add(14, 1) }.contains("onnx.save(onnx.load(OLD), NEW)"))
    #expect(refusal { $0.add(13, ProtobufMessage()) }.contains("its weights lie in other files"))
  }

  @Test func `a field without a number, of an unknown encoding or too long, and a file without a graph are told`()
    throws
  {
    for (bytes, expected) in [
      ([0x00, 0x01], "a field without a number at byte 0"), ([0x0B], "field 1 of an unknown encoding at byte 0"),
      ([0x08, 0x07, 0x3A, 0x05, 0x00], "field 7 of 5 bytes, of which 1 are there at byte 2"),
      ([0x3A] + [UInt8](repeating: 0xFF, count: 9) + [0x01], "field 7 of 18446744073709551615 bytes"),
      ([0x08] + [UInt8](repeating: 0x80, count: 12), "a number of more than 64 bits"),
      ([0x0D, 0], "a number that is cut off"),
      ([0x08, 0x07], "is no ONNX file with a graph"), ([], "is no ONNX file with a graph"),
    ] as [([UInt8], String)] {
      let path = try folder.write("x.onnx", bytes)
      #expect(failure { _ = try ONNXModel(path: path) }?.message.contains(expected) == true, "\(expected)")
    }
  }
}
