/// The items of two sides that may be the same, by marks that are found for fewer and fewer items.
struct Candidates<Item: Sendable>: Sendable {
  /// The items that are looked for.
  var wanted: [Item]
  /// The items among which they are looked for.
  var known: [Item]

  /// The items of either side whose mark an item of the other side has too.
  /// - Parameter mark: the mark of an item, found once for each, on all cores; nil for an item that is like no other.
  func alike<Mark: Hashable & Sendable>(by mark: @Sendable (Item) -> Mark?) -> Candidates {
    guard !wanted.isEmpty, !known.isEmpty else { return Candidates(wanted: [], known: []) }
    let marks = (wanted.concurrentMap(mark), known.concurrentMap(mark))
    let shared = Set(marks.0.compactMap { $0 }).intersection(marks.1.compactMap { $0 })
    func kept(_ items: [Item], _ marks: [Mark?]) -> [Item] {
      zip(items, marks).filter { $1.map(shared.contains) ?? false }.map(\.0)
    }
    return Candidates(wanted: kept(wanted, marks.0), known: kept(known, marks.1))
  }

  /// Each wanted item that has the mark of a known one, with the first of these.
  /// - Parameter mark: as for `alike`.
  func pairs<Mark: Hashable & Sendable>(by mark: @Sendable (Item) -> Mark?) -> [(wanted: Item, known: Item)] {
    guard !wanted.isEmpty, !known.isEmpty else { return [] }
    let marks = (wanted.concurrentMap(mark), known.concurrentMap(mark))
    var firsts: [Mark: Item] = [:]
    for (item, mark) in zip(known, marks.1) {
      if let mark, firsts[mark] == nil { firsts[mark] = item }
    }
    return zip(wanted, marks.0).compactMap { item, mark in
      guard let mark, let first = firsts[mark] else { return nil }
      return (item, first)
    }
  }
}
