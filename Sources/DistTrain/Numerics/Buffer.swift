import Foundation

/// Aligned memory for floats that goes back to a pool when its last owner lets go, so that a warm training step asks
/// the system for no memory: a step's buffers have the sizes of the step before.
///
/// Unchecked: where the memory lies does not change. Its elements are written by one thread, or by a loop's calls that
/// write elements of their own.
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
