/// Which ranges of a line of addresses are taken: each request gets the first free range that it fits in, and ranges that
/// are given back join their free neighbours. The same requests in the same order get the same ranges.
package struct AddressRanges: Sendable {
  /// Free ranges below `top`, ascending; no two of them touch.
  private var free: [Range<Int>] = []
  /// The end of what was ever needed.
  package private(set) var top = 0

  package init() {}

  package mutating func take(_ size: Int) -> Int {
    guard let index = free.firstIndex(where: { $0.count >= size }) else {
      // What is free at the end counts towards the range.
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

  /// The free ranges, of which the last is forgotten where it lies at the end.
  package mutating func trim() -> [Range<Int>] {
    let ranges = free
    if let last = free.last, last.upperBound == top {
      top = last.lowerBound
      free.removeLast()
    }
    return ranges
  }
}
