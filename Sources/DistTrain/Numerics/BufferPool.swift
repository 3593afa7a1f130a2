import Foundation
import Synchronization

/// Memory for buffers, kept for the next ones: large buffers lie in one region, wherever there is room; small ones are
/// blocks by size.
package final class BufferPool: Sendable {
  package static let shared = BufferPool()

  /// Unchecked: a block is in the pool's state, behind its lock, or its one taker's.
  private struct Block: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
  }

  private struct State {
    var large = AddressRanges()
    /// How much of the region was ever needed.
    var reached = 0
    var small: [Int: [Block]] = [:]
    var allocations = 0
    /// What is taken and given, while somebody wants to know.
    var trace: BufferTrace?
  }

  private let region = MemoryRegion()
  private let state = Mutex(State())

  /// How often the pool asked the system for memory.
  package var allocations: Int { state.withLock { $0.allocations } }

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

  /// Runs `body` and tells which buffers the process took and gave meanwhile.
  package func tracing(_ body: () -> Void) -> BufferTrace {
    state.withLock { $0.trace = BufferTrace() }
    body()
    return state.withLock { state in
      defer { state.trace = nil }
      return state.trace ?? BufferTrace()
    }
  }

  /// Gives what is free back to the system: after work on sizes that do not come again.
  package func trim() {
    let blocks = state.withLock { state in
      for range in state.large.trim() { region.forget(range) }
      state.reached = state.large.top
      defer { state.small = [:] }
      return Array(state.small.values.joined())
    }
    for block in blocks { free(block.pointer) }
  }

  static func isLarge(_ size: Int) -> Bool { size >= MemoryRegion.page }

  /// Bytes for so many floats: large buffers are whole huge pages, of small ones there are four sizes an octave, so that
  /// utterances of all lengths share few of them.
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
