import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct SafetensorsFileTests {
  /// Written by scripts/golden with the Python library.
  private let fixture = Golden.url("python.safetensors").path

  @Test func `a file written by the Python library reads back`() throws {
    let file = try SafetensorsFile(path: fixture)
    #expect(file.metadata == ["architecture": "ecapa-tdnn", "quote": "a \"b\"\\\né𝄞"])
    #expect(
      Set(file.names) == ["layer1.conv.weight", "half", "double", "integers", "scalar", "empty", "bytes"])
    #expect(try file.shape(of: "layer1.conv.weight") == [2, 3, 2])
    #expect(try file.values(of: "layer1.conv.weight") == (0..<12).map { Float($0) / 7 })
    #expect(try file.values(of: "half") == [0, -1.5, 0.333251953125, 65504, 0x1p-24, -.infinity])
    #expect(try file.values(of: "double") == [0, -1.5, 0.333251953125, 65504, 5.960464477539063e-08, -.infinity])
    #expect(try file.values(of: "integers") == [-3, 0x1p40])
    #expect(try file.shape(of: "scalar") == [])
    #expect(try file.values(of: "scalar") == [2.5])
    #expect(try file.shape(of: "empty") == [0, 4])
    #expect(try file.values(of: "empty") == [])
  }

  @Test func `tensors come back bit for bit, with their names, shapes and metadata`() throws {
    try withScratchFolder { folder in
      let path = folder + "/model.safetensors"
      let buffer = Buffer(count: 1_000_003)
      for index in 0..<buffer.count { buffer.pointer[index] = Float(index) * 0.37 - 5 }
      let special: [Float] = [.nan, .infinity, -0.0, .leastNonzeroMagnitude]
      let metadata = ["front end": "80 bins, \"Hamming\"\n\u{1}", "b": ""]
      let tensors = [
        NamedTensor(name: "weight \"q\"\\é", shape: [1000, 1000], buffer: buffer, offset: 3),
        NamedTensor(name: "empty", shape: [0], values: []),
        NamedTensor(name: "special", shape: [2, 2], values: special),
        NamedTensor(name: "scalar", shape: [], values: [7]),
      ]
      try SafetensorsFile.write(tensors, metadata: metadata, to: path)
      let file = try SafetensorsFile(path: path)
      #expect(file.names == tensors.map(\.name))
      #expect(file.metadata == metadata)
      #expect(try file.shape(of: tensors[0].name) == [1000, 1000])
      #expect(try file.values(of: tensors[0].name) == (3..<1_000_003).map { Float($0) * 0.37 - 5 })
      #expect(try file.values(of: "special").map(\.bitPattern) == special.map(\.bitPattern))
      #expect(try file.values(of: "scalar") == [7])
    }
  }

  @Test func `brain floats are read`() throws {
    let header = #"{"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#
    try withFile(header, data: [0x80, 0x3F, 0x49, 0xC0]) { path in
      let values = try SafetensorsFile(path: path).values(of: "x")
      #expect(values == [1, -3.140625])
    }
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}}"#, "tensor a: 12 bytes do not hold F32"),
    (#"{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}"#, "tensor a: 8 bytes do not hold F64"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, "tensor a: bytes 0 to 16 are not inside the 12"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "tensor a: bytes 8 to 0"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
      "tensor b overlaps"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
      "tensor b leaves a hole"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "4 bytes at its end"),
    (
      #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#,
      #""a" only once"#
    ),
    (#"{"a":{"dtype":"F31","shape":[3],"data_offsets":[0,12]}}"#, "unknown dtype"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12],"more":1}}"#, "unknown field"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0]}}"#, "two data_offsets are expected"),
    (#"{"a":{"dtype":"F32","shape":[-3],"data_offsets":[0,12]}}"#, "a whole number of at least 0"),
    (#"{"a":{"dtype":"F32","shape":[3.0],"data_offsets":[0,12]}}"#, "expected ']'"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, "do not hold"),
    (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,12]}}"#, "below 2^63"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}"#, "expected '}'"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}} x"#, "nothing more"),
    (#"{"__metadata__":{"a":1}}"#, #"expected '"'"#),
    (#"{"\ud800":{}}"#, "surrogate pair"),
    ("[]", "expected '{'"), ("", "expected '{'"), ("{\"a", "the end of a string"),
  ])
  func `a header that is wrong is told with the file and the tensor`(header: String, expected: String) throws {
    try withFile(header, data: [UInt8](repeating: 0, count: 12)) { path in
      let failure = failure { _ = try SafetensorsFile(path: path) }
      #expect(failure?.kind == .badData)
      #expect(failure?.message.contains(expected) == true, "\(failure?.message ?? "none")")
      #expect(failure?.message.contains(path) == true)
    }
  }

  @Test(arguments: [UInt64(100), 1 << 40, .max, UInt64(Int.max) - 2])
  func `an announced header longer than the file is told`(length: UInt64) throws {
    try withScratchFolder { folder in
      let path = folder + "/bad"
      try AtomicFile.write((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + [123, 125], to: path)
      let failure = failure { _ = try SafetensorsFile(path: path) }
      #expect(failure?.message.contains("a header of \(length) bytes is announced in a file of 10") == true)
    }
  }

  @Test func `a file cut off anywhere is told`() throws {
    try withScratchFolder { folder in
      let bytes = try InputFile.contents(of: fixture)
      for count in 0..<bytes.count {
        let path = folder + "/cut"
        try Data(bytes.prefix(count)).write(to: URL(fileURLWithPath: path))
        #expect(failure { _ = try SafetensorsFile(path: path) }?.kind == .badData)
      }
    }
  }

  @Test func `a tensor that is not there or of another shape or type is told`() throws {
    let file = try SafetensorsFile(path: fixture)
    #expect(failure { _ = try file.values(of: "none") }?.message == "\(fixture) has no tensor none")
    #expect(failure { _ = try file.values(of: "bytes") }?.message.contains("bytes of type U8 cannot") == true)
    let matrix = Matrix(rows: 3, columns: 4)
    let shape = failure { try file.read("layer1.conv.weight", shape: [3, 4], into: matrix.elements) }
    #expect(shape?.message.contains("shape [2, 3, 2], [3, 4] is expected") == true)
    let count = failure { try file.read("half", into: matrix.elements) }
    #expect(count?.message.contains("shape [6], 12 elements are expected") == true)
  }

  private func withFile(_ header: String, data: [UInt8], _ body: (String) throws -> Void) throws {
    try withScratchFolder { folder in
      let path = folder + "/some.safetensors"
      let text = Array(header.utf8)
      try AtomicFile.write((0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + data, to: path)
      try body(path)
    }
  }
}
