/// A view of floats in a buffer under a name, as it stands in a file: row-major, the last extent fastest.
package struct NamedTensor: Sendable {
  package let name: String
  package let shape: [Int]
  private let buffer: Buffer
  private let offset: Int

  /// The elements of `buffer` from `offset` on, as many as the shape holds; nothing is copied.
  package init(name: String, shape: [Int], buffer: Buffer, offset: Int = 0) {
    let count = shape.reduce(1, *)
    precondition(shape.allSatisfy { $0 >= 0 }, "\(name): no extent of a shape is negative")
    precondition(offset >= 0 && offset + count <= buffer.count, "\(name) is not inside its buffer")
    self.name = name
    self.shape = shape
    self.buffer = buffer
    self.offset = offset
  }

  package init(name: String, matrix: Matrix) {
    self.init(name: name, shape: [matrix.rows, matrix.columns], buffer: matrix.buffer)
  }

  /// A copy of values.
  package init(name: String, shape: [Int], values: [Float]) {
    precondition(values.count == shape.reduce(1, *), "\(name) has \(values.count) values, its shape is \(shape)")
    let buffer = Buffer(count: values.count)
    for (index, value) in values.enumerated() { buffer.pointer[index] = value }
    self.init(name: name, shape: shape, buffer: buffer)
  }

  package var count: Int { shape.reduce(1, *) }

  /// Calls `body` with the bytes of the elements.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(buffer) {
      try body(UnsafeRawBufferPointer(UnsafeBufferPointer(start: buffer.pointer + offset, count: count)))
    }
  }
}
