/// Buffers in the order in which they were taken and given back: what they would take of memory at other sizes.
package struct BufferTrace: Sendable {
  /// Elements, negative where they were given back.
  private var events: [Int] = []

  package init() {}

  package mutating func take(count: Int) { events.append(count) }

  package mutating func give(count: Int) { events.append(-count) }

  /// Bytes that an empty pool would come to hold for these buffers, those aside that were there before.
  /// - Parameters:
  ///   - columns: of the buffers' matrices: those whose elements are a multiple of it are taken to have as many. A prime
  ///     keeps apart what only happens to be one.
  ///   - target: the number of columns in its place.
  package func bytes(columns: Int, as target: Int) -> Int {
    var large = AddressRanges()
    var starts: [Int: [Int]] = [:]
    var small: [Int: (free: Int, all: Int)] = [:]
    for event in events {
      let count = abs(event) % columns == 0 ? abs(event) / columns * target : abs(event)
      let size = BufferPool.size(count: count)
      let isTaken = event > 0
      if !BufferPool.isLarge(size) {
        var blocks = small[size] ?? (0, 0)
        if !isTaken { blocks.free += 1 } else if blocks.free > 0 { blocks.free -= 1 } else { blocks.all += 1 }
        small[size] = blocks
      } else if isTaken {
        starts[count, default: []].append(large.take(size))
      } else if let start = starts[count]?.popLast() {
        large.give(start, size)
      }
    }
    return large.top + small.reduce(0) { $0 + $1.key * $1.value.all }
  }
}
