/// A named view of floats in a buffer or a mapped file, as a file stores it: row-major, the last extent fastest.
package struct NamedTensor: Sendable {
  package let name: String
  package let shape: [Int]
  private let storage: Storage

  private enum Storage {
    /// The elements of a buffer from an offset on.
    case buffer(Buffer, offset: Int)
    /// The bytes of a block from an offset on.
    case block(ByteBlock, offset: Int)
  }

  /// Views the elements of `buffer` from `offset` on, as many as the shape holds, without a copy.
  package init(name: String, shape: [Int], buffer: Buffer, offset: Int = 0) {
    let count = shape.reduce(1, *)
    precondition(shape.allSatisfy { $0 >= 0 }, "\(name): no extent of a shape is negative")
    precondition(offset >= 0 && offset + count <= buffer.count, "\(name) is not inside its buffer")
    self.name = name
    self.shape = shape
    storage = .buffer(buffer, offset: offset)
  }

  /// Views floats that lie in `block` from byte `offset` on, as many as the shape holds, without a copy.
  init(name: String, shape: [Int], block: ByteBlock, offset: Int) {
    let bytes = shape.reduce(1, *) * MemoryLayout<Float>.stride
    precondition(offset >= 0 && offset + bytes <= block.bytes.count, "\(name) is not inside its block")
    self.name = name
    self.shape = shape
    storage = .block(block, offset: offset)
  }

  /// Views a matrix as a tensor of rows × columns, without a copy.
  package init(name: String, matrix: Matrix) {
    self.init(name: name, shape: [matrix.rows, matrix.columns], buffer: matrix.buffer)
  }

  /// Copies the values, as many as the shape holds, into a buffer of the tensor's own.
  package init(name: String, shape: [Int], values: [Float]) {
    precondition(values.count == shape.reduce(1, *), "\(name) has \(values.count) values, its shape is \(shape)")
    let buffer = Buffer(count: values.count)
    for (index, value) in values.enumerated() { buffer.pointer[index] = value }
    self.init(name: name, shape: shape, buffer: buffer)
  }

  package var count: Int { shape.reduce(1, *) }

  /// Calls `body` with the bytes of the elements.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    switch storage {
    case .buffer(let buffer, let offset):
      return try withExtendedLifetime(buffer) {
        try body(UnsafeRawBufferPointer(UnsafeBufferPointer(start: buffer.pointer + offset, count: count)))
      }
    case .block(let block, let offset):
      return try withExtendedLifetime(block) {
        let bytes = offset..<offset + count * MemoryLayout<Float>.stride
        return try body(UnsafeRawBufferPointer(rebasing: block.bytes[bytes]))
      }
    }
  }
}
