/// Where the tensors of PyTorch's archive lie, by what its pickle says.
struct TorchTensors: Sendable {
  /// The error of an archive that holds something else than named tensors, or tensors that do not fit.
  struct Unfit: Error {
    let what: String
  }

  struct Entry: Sendable {
    let element: SafetensorsElement
    let tensor: StridedTensor
    /// The place of the storage's bytes in the file.
    let storage: Range<Int>
  }

  /// The longest pickle that is read, in bytes.
  private static let longestPickle = 1 << 26
  /// Where checkpoints keep the dictionary of an encoder's tensors.
  private static let usualKeys = [
    "state_dict", "model_state_dict", "model", "module", "net", "network", "encoder", "embedding_model",
  ]

  private(set) var names: [String] = []
  private(set) var keys: [String] = []
  private(set) var others: [String] = []
  private(set) var entries: [String: Entry] = [:]
  private let archive: ZipArchive
  /// What the names of the archive's files begin with.
  private let folder: String
  private let pickle: Pickle

  /// - Throws: `Unfit`, `ZipArchive.Malformed`, `PickleReader.Malformed` or the file's own failure.
  init(of archive: ZipArchive) throws {
    self.archive = archive
    let ending = "data.pkl"
    let found = archive.entries.keys.filter { $0 == ending || $0.hasSuffix("/\(ending)") }
    guard let name = found.min(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }), let entry = archive.entries[name]
    else { throw Unfit(what: "is a zip archive without PyTorch's data.pkl: unpack it first (unzip)") }
    folder = String(name.dropLast(ending.count))
    guard archive.entries["\(folder)constants.pkl"] == nil else {
      throw Unfit(
        what: "is a TorchScript program: save its tensors alone, by torch.save(torch.jit.load(OLD).state_dict(), NEW)")
    }
    guard entry.size <= Self.longestPickle else { throw Unfit(what: "its data.pkl has \(entry.size) bytes") }
    if let order = archive.entries["\(folder)byteorder"], order.size < 16,
      try archive.contents(of: order).elementsEqual("big".utf8)
    {
      throw Unfit(what: "was written on a machine whose numbers begin with the highest byte: save it again on another")
    }
    var reader = PickleReader(try archive.contents(of: entry))
    pickle = try reader.read()
    try addTensors(of: try dictionary())
  }

  /// The dictionary that holds the tensors.
  private mutating func dictionary() throws -> [Pickle.Item] {
    guard var items = pickle.items(of: pickle.root) else {
      if isTensor(pickle.root) { throw Unfit(what: "holds one tensor without a name, not a dictionary of them") }
      if case .object(let position) = pickle.root {
        throw Unfit(
          what: "holds a whole object of the class \(pickle.objects[position].name), of which no code is run: save its "
            + "tensors alone, by torch.save(object.state_dict(), NEW)")
      }
      throw Unfit(what: "holds no dictionary of tensors")
    }
    while !items.contains(where: { isTensor($0.value) }) {
      let inner = items.compactMap { item -> (key: String, items: [Pickle.Item])? in
        guard case .text(let key) = item.key, let items = pickle.items(of: item.value), !items.isEmpty else {
          return nil
        }
        return (key, items)
      }
      let usual = Self.usualKeys.lazy.compactMap { key in inner.first { $0.key == key } }.first
      // A dictionary may hold itself.
      guard keys.count < 4, let next = usual ?? inner.first(where: { $0.items.contains { isTensor($0.value) } }) else {
        let names = items.prefix(8).compactMap { item -> String? in
          guard case .text(let key) = item.key else { return nil }
          return key
        }
        throw Unfit(
          what: "holds no dictionary of tensors; it has \(names.isEmpty ? "nothing" : names.joined(separator: ", "))")
      }
      keys.append(next.key)
      items = next.items
    }
    return items
  }

  private mutating func addTensors(of items: [Pickle.Item]) throws {
    for item in items {
      guard case .text(let name) = item.key else { continue }
      guard let arguments = tensorArguments(item.value) else {
        others.append(name)
        continue
      }
      if entries.updateValue(try entry(arguments, name), forKey: name) == nil { names.append(name) }
    }
  }

  private func isTensor(_ value: PickleValue) -> Bool { tensorArguments(value) != nil }

  /// The arguments from which PyTorch makes a tensor; nil for a value that is none.
  private func tensorArguments(_ value: PickleValue) -> [PickleValue]? {
    let utilities = "torch._utils."
    for name in ["_rebuild_parameter", "_rebuild_parameter_with_state"] {
      if let data = pickle.arguments(of: value, for: utilities + name)?.first {
        return pickle.arguments(of: data, for: utilities + "_rebuild_tensor_v2")
      }
    }
    return pickle.arguments(of: value, for: utilities + "_rebuild_tensor_v2")
  }

  /// The place of a tensor that is made of a storage, an offset, a shape, strides and what is of no use here.
  private func entry(_ arguments: [PickleValue], _ name: String) throws -> Entry {
    guard arguments.count >= 4, case .integer(let offset) = arguments[1],
      let shape = pickle.integers(of: arguments[2]), let strides = pickle.integers(of: arguments[3])
    else { throw Unfit(what: "tensor \(name): no storage, offset, shape and strides") }
    let storage = try storage(arguments[0], name)
    let stored = storage.range.count / storage.element.size
    guard let tensor = StridedTensor(shape: shape, strides: strides, offset: offset, stored: stored) else {
      throw Unfit(
        what:
          "tensor \(name): shape \(shape), strides \(strides) and offset \(offset) do not fit its storage of \(stored) "
          + "numbers: save its clone()")
    }
    return Entry(element: storage.element, tensor: tensor, storage: storage.range)
  }

  /// A storage: ("storage", its class, the key of its file, the device, the number of elements).
  private func storage(
    _ value: PickleValue, _ name: String
  ) throws -> (element: SafetensorsElement, range: Range<Int>) {
    guard case .outside(let position) = value, pickle.lists[position].count == 5,
      case .name(let type) = pickle.lists[position][1], case .text(let key) = pickle.lists[position][2],
      case .integer(let count) = pickle.lists[position][4]
    else { throw Unfit(what: "tensor \(name): its storage is none of PyTorch's") }
    guard let element = Self.elements[type] else {
      throw Unfit(what: "tensor \(name): its numbers are a \(type), which is not read: save it as float")
    }
    guard let entry = archive.entries["\(folder)data/\(key)"] else {
      throw Unfit(what: "tensor \(name): the archive has no data/\(key) of its numbers")
    }
    let range = try archive.range(of: entry)
    guard count >= 0, count <= range.count / element.size else {
      throw Unfit(what: "tensor \(name): data/\(key) of \(range.count) bytes does not hold \(count) numbers of \(type)")
    }
    return (element, range.lowerBound..<range.lowerBound + count * element.size)
  }

  private static let elements: [String: SafetensorsElement] = [
    "torch.FloatStorage": .float32, "torch.DoubleStorage": .float64, "torch.HalfStorage": .float16,
    "torch.BFloat16Storage": .bfloat16, "torch.LongStorage": .int64, "torch.IntStorage": .int32,
    "torch.ShortStorage": .int16, "torch.CharStorage": .int8, "torch.ByteStorage": .uint8, "torch.BoolStorage": .bool,
  ]
}
