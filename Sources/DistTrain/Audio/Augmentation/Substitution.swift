/// Puts other recordings in the place of those that cannot be read, for one row of a batch.
///
/// A recording that is drawn is tried, whatever other rows found: which one a row hears depends on the row's own random
/// numbers and on the files, and neither on ranks nor on what was read before.
package struct Substitution: Sendable {
  private let lists: RecordingLists
  private var draws: RandomStream
  /// The recordings that could not be read, in the order in which they were met.
  package private(set) var unreadable: [UnreadableRecording] = []

  /// - Parameter draws: gives the order of the substitutes.
  package init(_ lists: RecordingLists, _ draws: RandomStream) {
    self.lists = lists
    self.draws = draws
  }

  /// Reads the recording that was drawn or, where it cannot be read, the first of its list that can, in random order.
  /// - Returns: the place of the recording in its list, and what `read` made of it.
  /// - Throws: `Failure(.badData)` that names the setting where no recording of the list can be read.
  mutating func read<Value>(
    _ kind: RecordingKind, _ drawn: Int, _ read: (_ path: String) throws -> Value
  ) throws -> (index: Int, value: Value) {
    if let value = attempt(kind, drawn, read) { return (drawn, value) }
    var untried = lists[kind].indices.filter { $0 != drawn }
    while !untried.isEmpty {
      // The last one fills the gap, because a list may have a hundred thousand recordings, all of them gone.
      untried.swapAt(draws.below(untried.count), untried.count - 1)
      let index = untried.removeLast()
      if let value = attempt(kind, index, read) { return (index, value) }
    }
    throw Self.failure(kind, of: lists[kind].count, last: unreadable.last?.reason ?? "")
  }

  /// The value that `read` makes of a recording; nil where the recording cannot be read, which is noted.
  private mutating func attempt<Value>(
    _ kind: RecordingKind, _ index: Int, _ read: (_ path: String) throws -> Value
  ) -> Value? {
    do {
      return try read(lists[kind][index])
    } catch {
      let place = RecordingPlace(kind: kind, index: index)
      unreadable.append(UnreadableRecording(place: place, reason: Failure(error).message))
      return nil
    }
  }

  private static func failure(_ kind: RecordingKind, of count: Int, last reason: String) -> Failure {
    let which =
      count == 1
      ? "its only recording cannot be read: "
      : "none of its \(count) recordings can be read; the last one: "
    return Failure(.badData, "\(kind.setting): \(which)\(reason); mend what can be mended, or give another folder")
  }
}
