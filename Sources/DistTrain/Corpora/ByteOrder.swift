/// The order of Kaldi's lists, `LC_ALL=C sort`: by the bytes of the UTF-8 text.
enum ByteOrder {
  static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  static func equal(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
  }

  /// The elements in the order of their keys; equal keys keep their order.
  static func sorted<Element>(_ elements: [Element], by key: (Element) -> String) -> [Element] {
    let isSorted = zip(elements, elements.dropFirst()).allSatisfy { !precedes(key($1), key($0)) }
    return isSorted ? elements : elements.sorted { precedes(key($0), key($1)) }
  }

  /// The position of a key in sorted elements.
  static func find<Element>(_ wanted: String, in elements: [Element], by key: (Element) -> String) -> Int? {
    var low = 0
    var high = elements.count
    while low < high {
      let middle = (low + high) / 2
      if precedes(key(elements[middle]), wanted) { low = middle + 1 } else { high = middle }
    }
    return low < elements.count && equal(key(elements[low]), wanted) ? low : nil
  }
}
