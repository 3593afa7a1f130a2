/// Times of short pieces of work.
enum Stopwatch {
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = monotonicSeconds()
    try body()
    return monotonicSeconds() - start
  }

  /// The median time of a call, of as many as fit in the seconds, at least one, after one that doesn't count.
  static func median(for limit: Double, _ body: () throws -> Void) rethrows -> Double {
    try body()
    var times: [Double] = []
    let end = monotonicSeconds() + limit
    repeat { times.append(try seconds(body)) } while monotonicSeconds() < end
    return median(times)
  }

  /// The value in the middle; not a number where there is none.
  static func median(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.sorted()[values.count / 2]
  }
}
