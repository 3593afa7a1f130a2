/// The buffers of a piece of work in the order in which they were taken and given back, from which follows the memory
/// that they would take at other sizes.
package struct BufferTrace: Sendable {
  /// The elements of each buffer, negative where it was given back.
  private var events: [Int] = []

  package init() {}

  package mutating func take(count: Int) { events.append(count) }

  package mutating func give(count: Int) { events.append(-count) }

  /// The bytes that an empty pool would come to hold for these buffers, leaving out those that existed before.
  /// - Parameter scaling: numbers of columns of the matrices that the buffers hold, each with the number to compute the
  ///   bytes for. Every buffer whose elements are a multiple of one, of the first such, is taken for such a matrix;
  ///   with prime numbers few others are.
  package func bytes(scaling: [(columns: Int, to: Int)]) -> Int {
    var large = AddressRanges()
    var starts: [Int: [Int]] = [:]
    var small: [Int: (free: Int, all: Int)] = [:]
    for event in events {
      let matrix = scaling.first { abs(event) % $0.columns == 0 }
      let count = matrix.map { abs(event) / $0.columns * $0.to } ?? abs(event)
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
