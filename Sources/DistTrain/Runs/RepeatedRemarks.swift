/// Counts the remarks that are made again, so that each is shown once.
package struct RepeatedRemarks {
  /// The number of different remarks that are known by their text. Those after them count as new each time, so that a
  /// run with a remark in each step does not keep them all.
  private static let most = 10_000

  /// How often each remark was made again.
  private var times: [Remark: Int] = [:]
  /// The remarks that were made again, in the order in which they first were.
  private var again: [Remark] = []

  package init() {}

  /// Whether a remark is made for the first time. If it is not, it is counted.
  package mutating func isNew(_ remark: Remark) -> Bool {
    guard let count = times[remark] else {
      if times.count < Self.most { times[remark] = 0 }
      return true
    }
    if count == 0 { again.append(remark) }
    times[remark] = count + 1
    return false
  }

  /// The remarks that were made again since the last call, each with the number of times.
  package mutating func takeCounts() -> [Remark] {
    defer { again = [] }
    return again.map { remark in
      let count = times.updateValue(0, forKey: remark) ?? 0
      return Remark("\(remark.line) (\(count) more \(count == 1 ? "time" : "times"))")
    }
  }
}
