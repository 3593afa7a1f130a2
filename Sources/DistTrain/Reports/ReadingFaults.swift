/// Lines about the files of a run that cannot be read, while the rest of it is.
struct ReadingFaults {
  private(set) var lines: [String] = []

  mutating func add(_ line: String) { lines.append(line) }

  /// What `read` gives; nil, and a line, where it throws.
  @discardableResult
  mutating func reading<Value>(_ read: () throws -> Value?) -> Value? { try? result(read)?.get() }

  /// What `read` gives, or why it cannot be read; nil where there is nothing.
  mutating func result<Value>(_ read: () throws -> Value?) -> Result<Value, Failure>? {
    do {
      return try read().map { .success($0) }
    } catch {
      let failure = Failure(error)
      lines.append(failure.message)
      return .failure(failure)
    }
  }
}
