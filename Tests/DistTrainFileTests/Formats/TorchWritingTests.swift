import DistTrain
import Foundation
import TestTools
import Testing

/// PyTorch's files as svdist writes them.
@Suite struct TorchWritingTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func write(_ tensors: [NamedTensor], counts: [String] = []) throws -> String {
    let path = folder.path("x.pt")
    try AtomicFile.write(to: path) { try TorchFile.write(tensors, counts: counts, called: "x", into: $0) }
    return path
  }

  private func values(_ file: TorchFile, _ name: String) throws -> [Float] {
    var values = [Float](repeating: .nan, count: try file.shape(of: name).reduce(1, *))
    try values.withUnsafeMutableBufferPointer { try file.read(name, into: $0) }
    return values
  }

  @Test func `the checksum is that of the standard`() {
    func sum(_ text: String) -> UInt32 { Array(text.utf8).withUnsafeBytes { CRC32.of($0) } }
    // The check value of "CRC-32/ISO-HDLC" in the catalogue of CRC algorithms.
    #expect(sum("123456789") == 0xCBF4_3926)
    #expect(sum("") == 0 && sum("a") == 0xE8B7_BE43)
  }

  @Test func `tensors come back by their names, shapes and bits`() throws {
    let numbers: [Float] = [1.5, -0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -7, 0.1]
    let tensors = [
      NamedTensor(name: "a.weight", shape: [2, 3], values: numbers),
      NamedTensor(name: "ä.bias", shape: [1, 1, 2], values: [3, 4]),
      NamedTensor(name: "scalar", shape: [], values: [5]), NamedTensor(name: "none", shape: [0, 4], values: []),
    ]
    let file = try TorchFile(path: write(tensors, counts: ["b.num_batches_tracked"]))
    #expect(file.names == ["a.weight", "ä.bias", "scalar", "none", "b.num_batches_tracked"] && file.keys == [])
    #expect(try file.shape(of: "a.weight") == [2, 3] && file.shape(of: "ä.bias") == [1, 1, 2])
    #expect(try values(file, "a.weight").map(\.bitPattern) == numbers.map(\.bitPattern))
    #expect(try values(file, "ä.bias") == [3, 4] && values(file, "scalar") == [5] && values(file, "none") == [])
    #expect(try file.shape(of: "scalar") == [] && file.shape(of: "none") == [0, 4])
    #expect(try file.element(of: "b.num_batches_tracked") == .int64)
    #expect(try file.shape(of: "b.num_batches_tracked") == [] && values(file, "b.num_batches_tracked") == [0])
  }

  @Test func `the same tensors make the same file, whose numbers begin at multiples of 64`() throws {
    let tensors = ["a", "bcd"].map { NamedTensor(name: $0, shape: [3], values: [1, 2, 3]) }
    let bytes = try InputFile.contents(of: write(tensors))
    #expect(try InputFile.contents(of: write(tensors)) == bytes)
    let numbers = [1, 2, 3].flatMap { (value: Float) in withUnsafeBytes(of: value.bitPattern) { Array($0) } }
    let places = bytes.indices.filter { bytes[$0...].starts(with: numbers) }
    #expect(places.count == 2 && places.filter { $0 % 64 == 0 }.count == 2)
  }

  /// The bytes that Python's `zipfile` and PyTorch read in the records of each file.
  @Test func `the records of the archive are those of the format`() throws {
    let bytes = try InputFile.contents(of: write([NamedTensor(name: "w", shape: [1], values: [1])]))
    #expect(bytes.starts(with: [0x50, 0x4B, 3, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]))
    let end = bytes.suffix(22)
    #expect(end.starts(with: [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 4, 0, 4, 0]))
    // Of data.pkl, the first: its checksum and twice its size, in its own record and in the directory.
    let size = Int(bytes[18]) + 256 * Int(bytes[19])
    let start = 30 + "x/data.pkl".utf8.count + Int(bytes[28]) + 256 * Int(bytes[29])
    let sum = bytes[start..<start + size].withUnsafeBytes { CRC32.of($0) }
    let stored = bytes[14..<18].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    #expect(sum == stored && bytes[18..<22] == bytes[22..<26])
    let directory = end.dropFirst(16).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(Array(bytes[directory + 10..<directory + 28]) == Array(bytes[8..<26]))
  }
}
