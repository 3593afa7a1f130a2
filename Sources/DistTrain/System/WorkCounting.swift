/// What shows how much of a work of known size is done, as a program gives it to the rooms that do the work.
package struct WorkCounting: Sendable {
  /// Takes that so many more are done, from any thread.
  package typealias Advance = @Sendable (_ more: Int) -> Void
  /// Begins to show a work.
  package typealias Begin = @Sendable (_ count: Int, _ things: String) -> (advance: Advance, end: @Sendable () -> Void)

  /// Shows nothing.
  package static let silent = WorkCounting { _, _ in ({ _ in }, {}) }

  private let begin: Begin

  package init(_ begin: @escaping Begin) { self.begin = begin }

  /// Does a work, whose line is gone afterwards.
  /// - Parameters:
  ///   - count: the number of things.
  ///   - things: what they are and what is done to them, such as `trials scored`.
  ///   - work: says how many more are done as it goes on.
  package func count<Result>(
    _ count: Int, of things: String, _ work: (_ advance: @escaping Advance) throws -> Result
  ) rethrows -> Result {
    let (advance, end) = begin(count, things)
    defer { end() }
    return try work(advance)
  }
}
