/// The taken and free ranges of a line of addresses. Each request gets the first free range that it fits into, and a
/// range that is given back joins its free neighbours. The same requests in the same order get the same ranges.
package struct AddressRanges: Sendable {
  /// The free ranges below `top`, ascending; no two of them touch.
  private var free: [Range<Int>] = []
  /// The end of the highest range that was ever taken, unless `trim` has lowered it.
  package private(set) var top = 0

  package init() {}

  /// Takes a range of `size` addresses and returns its start.
  package mutating func take(_ size: Int) -> Int {
    guard let index = free.firstIndex(where: { $0.count >= size }) else {
      // A free range at the end becomes the beginning of this one.
      let start = free.last.map { $0.upperBound == top ? $0.lowerBound : top } ?? top
      if start < top { free.removeLast() }
      top = start + size
      return start
    }
    let start = free[index].lowerBound
    free[index] = start + size..<free[index].upperBound
    if free[index].isEmpty { free.remove(at: index) }
    return start
  }

  /// Gives back the range of `size` addresses that begins at `start`.
  package mutating func give(_ start: Int, _ size: Int) {
    var range = start..<start + size
    let next = free.firstIndex { $0.lowerBound > start } ?? free.endIndex
    var neighbours = next..<next
    if next < free.endIndex, free[next].lowerBound == range.upperBound {
      range = range.lowerBound..<free[next].upperBound
      neighbours = next..<next + 1
    }
    if next > 0, free[next - 1].upperBound == range.lowerBound {
      range = free[next - 1].lowerBound..<range.upperBound
      neighbours = next - 1..<neighbours.upperBound
    }
    free.replaceSubrange(neighbours, with: [range])
  }

  /// Returns the free ranges, and lowers `top` below the last of them where it lies at the end.
  package mutating func trim() -> [Range<Int>] {
    let ranges = free
    if let last = free.last, last.upperBound == top {
      top = last.lowerBound
      free.removeLast()
    }
    return ranges
  }
}
