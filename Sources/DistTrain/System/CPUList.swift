/// The kernel's lists of CPUs, such as `0-3,8,10-11`.
package enum CPUList {
  /// The CPUs of a list, or nil where the text is not a list. An empty list has no CPU.
  package static func parse(_ text: String) -> Set<Int>? {
    var cpus: Set<Int> = []
    for part in text.split(whereSeparator: \.isWhitespace).joined().split(separator: ",") {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], 0 <= first, first <= last,
        last < 1 << 20
      else { return nil }
      cpus.formUnion(first...last)
    }
    return cpus
  }
}
