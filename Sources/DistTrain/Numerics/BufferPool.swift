import Foundation
import Synchronization

/// Blocks of memory by size, kept for the next buffer of that size.
package final class BufferPool: Sendable {
  package static let shared = BufferPool()

  private struct Block: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
  }

  private struct State {
    var free: [Int: [Block]] = [:]
    var allocations = 0
    var bytes = 0
  }

  private let state = Mutex(State())

  /// How often the pool asked the system for memory.
  package var allocations: Int { state.withLock { $0.allocations } }
  /// Bytes the pool holds, in use or free.
  package var bytes: Int { state.withLock { $0.bytes } }

  func take(count: Int) -> UnsafeMutablePointer<Float> {
    let size = Self.blockSize(count: count)
    let reused = state.withLock { $0.free[size]?.popLast() }
    if let reused { return reused.pointer }
    state.withLock {
      $0.allocations += 1
      $0.bytes += size
    }
    return Self.allocate(size: size)
  }

  func give(_ pointer: UnsafeMutablePointer<Float>, count: Int) {
    let block = Block(pointer: pointer)
    state.withLock { $0.free[Self.blockSize(count: count), default: []].append(block) }
  }

  /// Gives all free blocks back to the system: after work on many sizes that do not come again.
  package func trim() {
    let blocks = state.withLock { state in
      let blocks = state.free.values.joined().map(\.pointer)
      state.bytes -= state.free.reduce(0) { $0 + $1.key * $1.value.count }
      state.free = [:]
      return blocks.map { Block(pointer: $0) }
    }
    for block in blocks { free(block.pointer) }
  }

  /// Large blocks are whole huge pages: page faults and address translation otherwise cost as much as the arithmetic.
  private static let hugePage = 2 << 20

  /// Four sizes an octave, so that utterances of all lengths share few of them.
  private static func blockSize(count: Int) -> Int {
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    let octave = 1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount)
    let unit = max(octave / 4, bytes >= hugePage ? hugePage : 64)
    return (bytes + unit - 1) / unit * unit
  }

  private static func allocate(size: Int) -> UnsafeMutablePointer<Float> {
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, size >= hugePage ? hugePage : 64, size) == 0, let memory else {
      fatalError("no memory for a buffer of \(size >> 20) MiB")
    }
    if size >= hugePage { madvise(memory, size, Int32(MADV_HUGEPAGE)) }
    return memory.bindMemory(to: Float.self, capacity: size / MemoryLayout<Float>.stride)
  }
}
