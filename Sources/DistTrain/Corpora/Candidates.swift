/// The items of two sides that may be the same, by marks that are found for fewer and fewer items.
struct Candidates<Item: Sendable>: Sendable {
  /// The items that are looked for.
  var wanted: [Item]
  /// The items among which they are looked for.
  var known: [Item]
  /// Is called before marks are found.
  let counting: CorpusOverlap.Counting

  /// The items of either side whose mark an item of the other side has too.
  /// - Parameter mark: the mark of an item, found once for each, on all cores; nil for an item that is like no other.
  func alike<Mark: Hashable & Sendable>(by mark: @Sendable (Item) -> Mark?) -> Candidates {
    let marks = marks(mark)
    let shared = Set(marks.wanted.compactMap { $0 }).intersection(marks.known.compactMap { $0 })
    func kept(_ items: [Item], _ marks: [Mark?]) -> [Item] {
      zip(items, marks).filter { $1.map(shared.contains) ?? false }.map(\.0)
    }
    return Candidates(wanted: kept(wanted, marks.wanted), known: kept(known, marks.known), counting: counting)
  }

  /// Each wanted item that has the mark of a known one, with the first of these.
  /// - Parameter mark: as for `alike`.
  func pairs<Mark: Hashable & Sendable>(by mark: @Sendable (Item) -> Mark?) -> [(wanted: Item, known: Item)] {
    let marks = marks(mark)
    var firsts: [Mark: Item] = [:]
    for (item, mark) in zip(known, marks.known) {
      if let mark, firsts[mark] == nil { firsts[mark] = item }
    }
    return zip(wanted, marks.wanted).compactMap { item, mark in
      guard let mark, let first = firsts[mark] else { return nil }
      return (item, first)
    }
  }

  /// The marks of all items; none where a side has no items, so that nothing is alike.
  private func marks<Mark: Sendable>(_ mark: @Sendable (Item) -> Mark?) -> (wanted: [Mark?], known: [Mark?]) {
    guard !wanted.isEmpty, !known.isEmpty else { return ([], []) }
    let finished = counting(wanted.count + known.count)
    return (wanted.concurrentMap(finished: finished, mark), known.concurrentMap(finished: finished, mark))
  }
}
