import Foundation

/// Aligned memory for floats that goes back to a pool when its last owner lets go. A step's buffers have the sizes of
/// the step before, so a training step that is warm asks the system for no memory.
package final class Buffer: @unchecked Sendable {
  package let pointer: UnsafeMutablePointer<Float>
  package let count: Int

  /// Takes memory for `count` floats, whose values are undefined.
  package init(count: Int) {
    precondition(count >= 0, "a buffer holds no negative number of elements")
    self.count = count
    pointer = BufferPool.shared.take(count: count)
  }

  deinit {
    BufferPool.shared.give(pointer, count: count)
  }
}

extension [Double] {
  /// Makes an array of zeros that `fill` then writes to, from any threads.
  init(filling count: Int, _ fill: (UnsafeMutablePointer<Double>) -> Void) {
    self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      buffer.initialize(repeating: 0)
      if let start = buffer.baseAddress { fill(start) }
      initialized = count
    }
  }
}
