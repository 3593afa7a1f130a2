import Foundation
import Synchronization

/// Memory for buffers, which is kept for later ones. Large buffers lie in one region, wherever there is room; small
/// ones are separate blocks, kept by size.
package final class BufferPool: Sendable {
  package static let shared = BufferPool()

  /// Unchecked: a block is in the pool's state, behind its lock, or its one taker's.
  private struct Block: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
  }

  private struct State {
    var large = AddressRanges()
    /// The number of bytes of the region that were ever needed, unless `trim` has lowered it.
    var reached = 0
    var small: [Int: [Block]] = [:]
    var allocations = 0
    /// The buffers that are taken and given back, recorded during `tracing`.
    var trace: BufferTrace?
  }

  private let region = MemoryRegion()
  private let state = Mutex(State())

  /// The number of times that the pool has asked the system for memory.
  package var allocations: Int { state.withLock { $0.allocations } }

  /// Takes memory for `count` floats, 64-byte aligned, whose values are undefined.
  func take(count: Int) -> UnsafeMutablePointer<Float> {
    let size = Self.size(count: count)
    let reused = state.withLock { state -> Block? in
      state.trace?.take(count: count)
      if Self.isLarge(size) { return Block(pointer: takeLarge(size, &state)) }
      if let block = state.small[size]?.popLast() { return block }
      state.allocations += 1
      return nil
    }
    return reused?.pointer ?? Self.allocate(size: size)
  }

  /// Gives back memory that was taken for `count` floats.
  func give(_ pointer: UnsafeMutablePointer<Float>, count: Int) {
    let size = Self.size(count: count)
    let block = Block(pointer: pointer)
    state.withLock { state in
      state.trace?.give(count: count)
      if Self.isLarge(size) {
        state.large.give(region.offset(of: block.pointer), size)
      } else {
        state.small[size, default: []].append(block)
      }
    }
  }

  private func takeLarge(_ size: Int, _ state: inout State) -> UnsafeMutablePointer<Float> {
    let start = state.large.take(size)
    if state.large.top > state.reached {
      state.reached = state.large.top
      state.allocations += 1
    }
    return region.memory(start..<start + size)
  }

  /// Runs `body` and returns the buffers that the process took and gave back meanwhile.
  package func tracing(_ body: () -> Void) -> BufferTrace {
    state.withLock { $0.trace = BufferTrace() }
    body()
    return state.withLock { state in
      defer { state.trace = nil }
      return state.trace ?? BufferTrace()
    }
  }

  /// Gives the free memory back to the system, as after work on sizes that do not come again.
  package func trim() {
    let blocks = state.withLock { state in
      for range in state.large.trim() { region.forget(range) }
      state.reached = state.large.top
      defer { state.small = [:] }
      return Array(state.small.values.joined())
    }
    for block in blocks { free(block.pointer) }
  }

  /// Whether a block of `size` bytes lies in the region.
  static func isLarge(_ size: Int) -> Bool { size >= MemoryRegion.page }

  /// The number of bytes for so many floats. Large buffers are whole huge pages; small ones have four sizes an octave,
  /// so that utterances of all lengths share a few sizes.
  static func size(count: Int) -> Int {
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    let octave = 1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount)
    let unit = isLarge(bytes) ? MemoryRegion.page : max(octave / 4, 64)
    return (bytes + unit - 1) / unit * unit
  }

  private static func allocate(size: Int) -> UnsafeMutablePointer<Float> {
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, 64, size) == 0, let memory else { HostMemory.end(lacking: size) }
    return memory.bindMemory(to: Float.self, capacity: size / MemoryLayout<Float>.stride)
  }
}
