import Foundation

/// The order of Kaldi's lists, `LC_ALL=C sort`, which is that of the bytes of the UTF-8 text.
enum ByteOrder {
  /// Whether `left` comes before `right`.
  static func precedes(_ left: String, _ right: String) -> Bool {
    compare(left, right) < 0
  }

  /// Whether both texts have the same bytes. Swift's `==` also holds for other bytes of the same characters.
  static func equal(_ left: String, _ right: String) -> Bool {
    compare(left, right) == 0
  }

  /// Negative where `left` comes first, 0 where both are the same. It uses `memcmp`, since sorting a list of a million
  /// utterances takes some fifty million comparisons.
  private static func compare(_ left: String, _ right: String) -> Int {
    let order = left.utf8.withContiguousStorageIfAvailable { left in
      right.utf8.withContiguousStorageIfAvailable { right in
        let shared = min(left.count, right.count)
        let order = shared == 0 ? 0 : Int(memcmp(left.baseAddress!, right.baseAddress!, shared))
        return order == 0 ? left.count - right.count : order
      }
    }
    if case .some(.some(let order)) = order { return order }
    return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : left.utf8.elementsEqual(right.utf8) ? 0 : 1
  }

  /// The elements in the order of their keys; equal keys keep their order.
  static func sorted<Element>(_ elements: [Element], by key: (Element) -> String) -> [Element] {
    let isSorted = zip(elements, elements.dropFirst()).allSatisfy { !precedes(key($1), key($0)) }
    return isSorted ? elements : elements.sorted { precedes(key($0), key($1)) }
  }

  /// The position of a key in sorted elements, or nil where no element has it.
  static func find<Element>(_ wanted: String, in elements: [Element], by key: (Element) -> String) -> Int? {
    position(among: elements.count) { compare(key(elements[$0]), wanted) }
  }

  /// The position of a key among `count` sorted ones, or nil where it is not there.
  /// - Parameter order: compares the key at a position with the wanted one, as `ByteText.compare(_:)` does.
  static func position(among count: Int, _ order: (Int) -> Int) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if order(middle) < 0 { low = middle + 1 } else { high = middle }
    }
    return low < count && order(low) == 0 ? low : nil
  }
}
