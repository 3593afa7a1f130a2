import DistTrain
import Foundation
import TestTools
import Testing
import UntrustedInputs

@Suite struct TorchFileTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func values(_ file: TorchFile, _ name: String) throws -> [Float] {
    var values = [Float](repeating: .nan, count: try file.shape(of: name).reduce(1, *))
    try values.withUnsafeMutableBufferPointer { try file.read(name, into: $0) }
    return values
  }

  /// Written by scripts/golden with PyTorch, as the other one below.
  @Test func `PyTorch's file of views and of every kind of number reads back`() throws {
    let file = try TorchFile(path: Golden.url("torch-state.pt").path)
    #expect(
      file.names == [
        "matrix", "transposed", "part", "row", "half", "brain", "double", "count", "integers", "empty", "parameter",
      ])
    #expect(file.keys == [] && file.others == [])
    let matrix = (0..<24).map { Float($0) / 7 }
    #expect(try file.shape(of: "matrix") == [4, 6])
    #expect(try values(file, "matrix") == matrix)
    #expect(try file.shape(of: "transposed") == [6, 4])
    #expect(try values(file, "transposed") == (0..<24).map { matrix[$0 % 4 * 6 + $0 / 4] })
    #expect(try file.shape(of: "part") == [2, 3])
    #expect(try values(file, "part") == [6, 8, 10, 12, 14, 16].map { matrix[$0] })
    #expect(try values(file, "row") == Array(matrix[12..<18]))
    let special: [Float] = [0, -1.5, 0.333251953125, 65504, 0x1p-24, -.infinity]
    #expect(try values(file, "half") == special)
    #expect(try file.element(of: "half") == .float16)
    #expect(try values(file, "brain") == [1, -3.140625])
    #expect(try values(file, "double") == special)
    #expect(try file.shape(of: "count") == [])
    #expect(try values(file, "count") == [0x1p40])
    #expect(try values(file, "integers") == [-3, 7])
    #expect(try file.shape(of: "empty") == [0, 4])
    #expect(try values(file, "empty") == [])
    #expect(try values(file, "parameter") == [2.5, -0.5])
  }

  @Test func `of a checkpoint the state dict is read`() throws {
    let file = try TorchFile(path: Golden.url("torch-lightning.ckpt").path)
    #expect(file.keys == ["state_dict"])
    #expect(file.names == ["resnet.matrix", "resnet.count"])
    #expect(try values(file, "resnet.matrix") == (0..<24).map { Float($0) / 7 })
  }

  @Test func `a file cut off anywhere is told, and none of its bytes changed traps`() throws {
    for name in ["torch-state.pt", "torch-lightning.ckpt"] {
      let bytes = try InputFile.contents(of: Golden.url(name).path)
      for count in stride(from: 0, to: bytes.count, by: 23) {
        let path = try folder.write("cut.pt", bytes.prefix(count))
        #expect(failure { _ = try TorchFile(path: path) }?.kind == .badData)
      }
      for index in stride(from: 0, to: bytes.count, by: 29) {
        var changed = bytes
        changed[index] ^= 0x41
        let path = try folder.write("changed.pt", changed)
        let file = try? TorchFile(path: path)
        for name in file?.names ?? [] { _ = try? file.map { try values($0, name) } }
      }
    }
  }

  // MARK: - Archives put together here

  /// A pickle of a dictionary of one tensor `w`.
  private func pickle(
    shape: [Int], strides: [Int], offset: Int = 0, offsetCode: [UInt8]? = nil, type: String = "FloatStorage",
    count: Int, key: String = "0"
  ) -> [UInt8] {
    func tuple(_ numbers: [Int]) -> [UInt8] { [0x28] + numbers.flatMap(Self.integer) + [0x74] }
    let storage =
      [0x28] + Self.text("storage") + Array("ctorch\n\(type)\n".utf8) + Self.text(key) + Self.text("cpu")
      + Self.integer(count) + [0x74, 0x51]
    let call =
      Array("ctorch._utils\n_rebuild_tensor_v2\n".utf8) + [0x28] + storage + (offsetCode ?? Self.integer(offset))
    let rest = tuple(shape) + tuple(strides) + [0x89, 0x4E, 0x74, 0x52]
    return [0x80, 2, 0x7D] + Self.text("w") + call + rest + [0x73, 0x2E]
  }

  /// An integer of up to 8 bytes, which the pickle counts itself.
  private static func integer(_ number: Int) -> [UInt8] { [0x8A, 8] + TorchArchive.little(number, 8) }

  private static func text(_ text: String) -> [UInt8] {
    [0x58] + TorchArchive.little(text.utf8.count, 4) + Array(text.utf8)
  }

  private static let numbers = (0..<6).map { Float($0) - 2.5 }
  private static let storage = numbers.flatMap { TorchArchive.little(Int($0.bitPattern), 4) }

  private func archive(_ pickle: [UInt8]) -> TorchArchive {
    TorchArchive(pickle: pickle, storages: ["0": Self.storage])
  }

  private func open(_ archive: TorchArchive) throws -> TorchFile {
    try TorchFile(path: folder.write("archive.pt", archive.bytes))
  }

  private func refusal(_ archive: TorchArchive) throws -> String {
    let path = try folder.write("archive.pt", archive.bytes)
    let failure = failure { _ = try TorchFile(path: path) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.hasPrefix(path) == true)
    return failure?.message ?? ""
  }

  @Test func `an archive is read with descriptors behind its files, fields of 64 bits and a comment`() throws {
    let whole = pickle(shape: [2, 3], strides: [3, 1], count: 6)
    var archives = [archive(whole), archive(whole), archive(whole), archive(whole)]
    archives[1].flags = 8
    archives[2].isWide = true
    archives[3].comment = Array("PK\u{5}\u{6} and more".utf8)
    for archive in archives {
      let file = try open(archive)
      #expect(try file.shape(of: "w") == [2, 3])
      #expect(try values(file, "w") == Self.numbers)
    }
  }

  @Test func `strides and offsets say where the elements lie`() throws {
    func elements(_ shape: [Int], _ strides: [Int], _ offset: Int) throws -> [Float] {
      try values(open(archive(pickle(shape: shape, strides: strides, offset: offset, count: 6))), "w")
    }
    let numbers = Self.numbers
    #expect(try elements([2, 2], [1, 2], 1) == [1, 3, 2, 4].map { numbers[$0] })
    #expect(try elements([2, 1, 2], [3, 99, 2], 0) == [0, 2, 3, 5].map { numbers[$0] })
    #expect(try elements([5], [1], 1) == Array(numbers[1...]))
    #expect(try elements([1, 3], [0, 1], 3) == Array(numbers[3...]))
    #expect(try elements([], [], 5) == [numbers[5]])
    #expect(try elements([0, 7], [7, 1], 6) == [])
  }

  @Test(arguments: [
    ([2, 3], [3, 1], 1, 6), ([7], [1], 0, 6), ([6], [1], 0, 7), ([2], [6], 0, 6), ([1 << 40], [0], 0, 6),
    ([1 << 62, 1 << 62], [1, 1], 0, 6), ([2, 2], [1 << 62, 1 << 62], 0, 6), ([-1], [1], 0, 6), ([2], [-1], 1, 6),
    ([1], [1], -1, 6), ([1], [1], 6, 6), ([], [], 6, 6), ([0], [1], 7, 6), ([2, 3], [3], 0, 6), ([1], [1], 0, -1),
  ])
  func `a tensor that its storage does not hold is told`(shape: [Int], strides: [Int], offset: Int, count: Int) throws {
    let message = try refusal(archive(pickle(shape: shape, strides: strides, offset: offset, count: count)))
    #expect(message.contains("tensor w: "), "\(message)")
  }

  @Test func `a storage that is not there, of another kind, or compressed is told`() throws {
    let whole = pickle(shape: [6], strides: [1], count: 6)
    #expect(try refusal(archive(pickle(shape: [6], strides: [1], count: 6, key: "1"))).contains("has no data/1"))
    let complex = try refusal(archive(pickle(shape: [3], strides: [1], type: "ComplexFloatStorage", count: 3)))
    #expect(complex.contains("its numbers are a torch.ComplexFloatStorage"))
    var archive = archive(whole)
    archive.method = 8
    #expect(try refusal(archive).contains("is compressed"))
    (archive.method, archive.flags) = (0, 1)
    #expect(try refusal(archive).contains("is encrypted"))
    var big = self.archive(whole)
    big.files[1].bytes = Array("big".utf8)
    #expect(try refusal(big).contains("numbers begin with the highest byte"))
    #expect(try refusal(TorchArchive([("a/data.pkl", whole), ("a/data.pkl", whole)])).contains("two files a/data.pkl"))
    #expect(try refusal(TorchArchive([("a/other", whole)])).contains("without PyTorch's data.pkl"))
    #expect(try refusal(TorchArchive([("a/data.pkl", whole), ("a/constants.pkl", [])])).contains("TorchScript"))
  }

  @Test(
    arguments: [
      ([0x80, 2, 0x69, 0x2E], "an instruction 0x69"), ([0x80, 2, 0x63], "a line without end"),
      ([0x80, 2, 0x7D], "no end"), ([0x80, 9, 0x7D, 0x2E], "protocol 9"), ([0x80, 2, 0x74, 0x2E], "a mark too few"),
      ([0x80, 2, 0x7D, 0x4E, 0x73, 0x2E], "too few values"), ([0x80, 2, 0x68, 3, 0x2E], "never kept"),
      ([0x80, 2, 0x28, 0x2E], "too few values"), ([0x80, 2, 0x4E, 0x28, 0x2E], "too few values"),
      ([0x80, 2, 0x7D, 0x28, 0x4E, 0x75, 0x2E], "a key without a value"),
      ([0x80, 2, 0x4E, 0x4E, 0x61, 0x2E], "no list"), ([0x80, 2, 0x4E, 0x29, 0x52, 0x2E], "no name"),
      ([0x80, 2, 0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E], "a text of 4294967295 bytes"),
      ([0x80, 2, 0x4E, 0x51, 0x2E], "no tuple"), ([0x80, 2, 0x7D, 0x4E, 0x62, 0x2E], "no object"),
    ] as [([UInt8], String)])
  func `a pickle with what is not read is told`(pickle: [UInt8], expected: String) throws {
    let message = try refusal(archive(pickle))
    #expect(message.contains(expected), "\(message)")
    #expect(message.contains("safetensors.torch.save_file"))
  }

  @Test(
    arguments: [
      ([0x4B, 2], 2), ([0x4D, 2, 0], 2), ([0x4A, 2, 0, 0, 0], 2), ([0x8A, 1, 2], 2), ([0x8A, 3, 2, 0, 0], 2),
      ([0x8A, 0], 0),
    ] as [([UInt8], Int)])
  func `a whole number is read in each of its forms`(code: [UInt8], offset: Int) throws {
    let file = try open(archive(pickle(shape: [2], strides: [1], offsetCode: code, count: 6)))
    #expect(try values(file, "w") == Array(Self.numbers[offset..<offset + 2]))
  }

  @Test(arguments: [[0x4A, 0xFF, 0xFF, 0xFF, 0xFF], [0x8A, 1, 0xFF], [0x8A, 2, 0xFF, 0xFF]] as [[UInt8]])
  func `a whole number may be negative`(code: [UInt8]) throws {
    let message = try refusal(archive(pickle(shape: [2], strides: [1], offsetCode: code, count: 6)))
    #expect(message.contains("offset -1 do not fit"), "\(message)")
  }

  @Test func `a call in a pickle is told by its name, and not made`() throws {
    let call = Array("cos\nsystem\n".utf8) + Self.text("true") + [0x85, 0x52, 0x2E]
    #expect(try refusal(archive([0x80, 2] + call)).contains("a whole object of the class os.system"))
  }

  @Test func `a dictionary that holds itself, and one of other things, hold no tensors`() throws {
    // The dictionary is kept, and put into itself under the usual key.
    let itself = [0x80, 2, 0x7D, 0x71, 0] + Self.text("state_dict") + [0x68, 0, 0x73, 0x2E]
    #expect(try refusal(archive(itself)).contains("no dictionary of tensors"))
    let other = [0x80, 2, 0x7D] + Self.text("epoch") + [0x4B, 3, 0x73, 0x2E]
    #expect(try refusal(archive(other)).hasSuffix("no dictionary of tensors; it has epoch"))
    #expect(try refusal(archive([0x80, 2, 0x4E, 0x2E])).contains("no dictionary of tensors"))
  }

  @Test(
    arguments: [
      ([0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A], "the form before 1.6"),
      ([0x80, 4, 0x95, 0], "a pickle without tensors' numbers"),
      (Array("version https://git-lfs".utf8), "git lfs pull"),
      ([0x1F, 0x8B, 8, 0], "gunzip"), (Array("weights".utf8), "is no file of PyTorch's, safetensors or ONNX"),
      ([], "is no file of PyTorch's"),
    ] as [([UInt8], String)])
  func `a file of another form is told with what to do`(bytes: [UInt8], expected: String) throws {
    let path = try folder.write("other.pt", bytes)
    let failure = failure { _ = try TorchFile(path: path) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains(expected) == true, "\(failure?.message ?? "")")
  }

  @Test func `a tensor that is not there, of another size, or of truth values is told`() throws {
    let file = try open(archive(pickle(shape: [6], strides: [1], count: 6)))
    #expect(failure { _ = try file.shape(of: "v") }?.message.hasSuffix("has no tensor v") == true)
    var five = [Float](repeating: 0, count: 5)
    let size = failure { try five.withUnsafeMutableBufferPointer { try file.read("w", into: $0) } }
    #expect(size?.message.contains("shape [6], 5 elements are expected") == true)
    let truths = try open(archive(pickle(shape: [3], strides: [1], type: "BoolStorage", count: 3)))
    #expect(failure { _ = try values(truths, "w") }?.message.contains("cannot be read as floats") == true)
  }
}
