/// Memory that the calls of a parallel loop read and write together.
///
/// Unchecked: what protects it is that each of a loop's calls writes elements of its own, which no other call reads,
/// and that the loop returns to its caller only when all calls have.
package struct SharedMemory<Element>: @unchecked Sendable {
  package let pointer: UnsafeMutablePointer<Element>

  package init(_ pointer: UnsafeMutablePointer<Element>) { self.pointer = pointer }

  package subscript(index: Int) -> Element {
    get { pointer[index] }
    nonmutating set { pointer[index] = newValue }
  }
}

extension [Double] {
  /// Zeros that `fill` writes to, on whatever threads.
  init(filling count: Int, _ fill: (SharedMemory<Double>) -> Void) {
    self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      buffer.initialize(repeating: 0)
      if let start = buffer.baseAddress { fill(SharedMemory(start)) }
      initialized = count
    }
  }
}
