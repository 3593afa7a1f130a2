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
    do {
      try entry.element.read(file, at: entry.range.lowerBound, into: values)
    } catch is SafetensorsElement.NoFloats {
      throw Failure(.badData, "\(path): tensor \(name) of type \(entry.element.rawValue) cannot be read as floats")
    }
  }

  /// Reads a tensor that must have exactly this shape.
  package func read(_ name: String, shape: [Int], into values: UnsafeMutableBufferPointer<Float>) throws {
    let entry = try entry(name)
    guard entry.shape == shape else {
      throw Failure(.badData, "\(path): tensor \(name) has shape \(entry.shape), \(shape) is expected")
    }
    try read(name, into: values)
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
