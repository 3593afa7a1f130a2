import Foundation

/// A safetensors file that is open for reading; its tensors are read one by one, as floats.
package struct SafetensorsFile: Sendable {
  package let path: String
  /// The strings of `__metadata__`.
  package let metadata: [String: String]
  /// The names of the tensors, in the order in which the tensors lie in the file.
  package let names: [String]
  private let file: InputFile
  private let entries: [String: SafetensorsHeader.Entry]

  /// Opens a file, and reads and checks its header.
  /// - Throws: `Failure(.badData)` that names the file and the tensor when a size or an offset is wrong.
  package init(path: String) throws {
    self.path = path
    file = try InputFile(path: path)
    let header = try SafetensorsHeader(of: file)
    metadata = header.metadata
    names = header.entries.map(\.name)
    entries = Dictionary(uniqueKeysWithValues: header.entries.map { ($0.name, $0) })
  }

  package func contains(_ name: String) -> Bool { entries[name] != nil }

  /// The extents of a tensor.
  /// - Throws: `Failure(.badData)` when there is no tensor of that name.
  package func shape(of name: String) throws -> [Int] { try entry(name).shape }

  /// The type of a tensor's elements.
  /// - Throws: `Failure(.badData)` when there is no tensor of that name.
  package func element(of name: String) throws -> SafetensorsElement { try entry(name).element }

  /// Reads a tensor as floats, from any element type that `SafetensorsElement` converts.
  /// - Throws: `Failure(.badData)` when there is no tensor of that name, or it has another number of elements or
  ///   another type.
  package func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) throws {
    let entry = try entry(name)
    guard entry.count == values.count else {
      throw Failure(.badData, "\(path): tensor \(name) has shape \(entry.shape), \(values.count) elements are expected")
    }
    try read(entry, from: 0, into: values)
  }

  private func read(
    _ entry: SafetensorsHeader.Entry, from first: Int, into values: UnsafeMutableBufferPointer<Float>
  ) throws {
    do {
      try entry.element.read(file, at: entry.range.lowerBound + first * entry.element.size, into: values)
    } catch is SafetensorsElement.NoFloats {
      throw Failure(
        .badData, "\(path): tensor \(entry.name) of type \(entry.element.rawValue) cannot be read as floats")
    }
  }

  /// Reads a tensor that must have exactly this shape.
  package func read(_ name: String, shape: [Int], into values: UnsafeMutableBufferPointer<Float>) throws {
    try check(name, shape: shape)
    try read(name, into: values)
  }

  /// Reads a stretch of a tensor that must have exactly this shape.
  /// - Parameter first: the element at which the stretch begins.
  package func read(
    _ name: String, shape: [Int], from first: Int, into values: UnsafeMutableBufferPointer<Float>
  ) throws {
    let entry = try check(name, shape: shape)
    precondition(first >= 0 && first + values.count <= entry.count, "a stretch of \(name) is within it")
    try read(entry, from: first, into: values)
  }

  @discardableResult
  private func check(_ name: String, shape: [Int]) throws -> SafetensorsHeader.Entry {
    let entry = try entry(name)
    guard entry.shape == shape else {
      throw Failure(.badData, "\(path): tensor \(name) has shape \(entry.shape), \(shape) is expected")
    }
    return entry
  }

  /// Reads all elements of a tensor as floats, in row-major order.
  package func values(of name: String) throws -> [Float] {
    let count = try entry(name).count
    return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(name, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }

  private func entry(_ name: String) throws -> SafetensorsHeader.Entry {
    guard let entry = entries[name] else { throw Failure(.badData, "\(path) has no tensor \(name)") }
    return entry
  }
}
