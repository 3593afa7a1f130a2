/// Writes the pickle of a dictionary of tensors by name, of protocol 2 as `torch.save` has it (PEP 307), with the
/// instructions that `PickleReader` knows.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [0x80, 2]

  /// - Parameter entries: the tensors in their order; of each the type of its numbers, and its shape. The storage of a
  ///   tensor has its position as its key.
  init(_ entries: [(name: String, storage: String, shape: [Int])]) {
    addEmptyDictionary()
    bytes.append(UInt8(ascii: "("))
    for (index, entry) in entries.enumerated() {
      add(entry.name)
      addTensor(storage: entry.storage, key: "\(index)", shape: entry.shape)
    }
    // The items go into the dictionary; this is all.
    bytes += Array("u.".utf8)
  }

  private mutating func addTensor(storage: String, key: String, shape: [Int]) {
    addGlobal("torch._utils", "_rebuild_tensor_v2")
    bytes += Array("((".utf8)
    add("storage")
    addGlobal("torch", storage)
    add(key)
    add("cpu")
    add(shape.reduce(1, *))
    // A tuple that names what lies outside of the pickle.
    bytes += Array("tQ".utf8)
    add(0)
    add(shape)
    add(Self.strides(of: shape))
    // No gradient is wanted, and no hooks are kept.
    bytes.append(0x89)
    addEmptyDictionary()
    bytes += Array("tR".utf8)
  }

  /// The strides of a row-major tensor.
  private static func strides(of shape: [Int]) -> [Int] {
    shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
  }

  private mutating func addEmptyDictionary() {
    addGlobal("collections", "OrderedDict")
    bytes += Array(")R".utf8)
  }

  private mutating func addGlobal(_ module: String, _ name: String) { bytes += Array("c\(module)\n\(name)\n".utf8) }

  private mutating func add(_ text: String) {
    let text = Array(text.utf8)
    bytes += [UInt8(ascii: "X")] + littleEndian(text.count, 4) + text
  }

  private mutating func add(_ number: Int) {
    let isShort = Int32(exactly: number) != nil
    bytes += isShort ? [UInt8(ascii: "J")] + littleEndian(number, 4) : [0x8A, 8] + littleEndian(number, 8)
  }

  private mutating func add(_ numbers: [Int]) {
    bytes.append(UInt8(ascii: "("))
    for number in numbers { add(number) }
    bytes.append(UInt8(ascii: "t"))
  }
}
