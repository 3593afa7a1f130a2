/// Measures how long short pieces of work take.
enum Stopwatch {
  /// The seconds that a call takes.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = monotonicSeconds()
    try body()
    return monotonicSeconds() - start
  }

  /// The median of the seconds that a call takes. The call is repeated for `limit` seconds, at least once, after a
  /// first call that does not count.
  static func median(for limit: Double, _ body: () throws -> Void) rethrows -> Double {
    try body()
    var times: [Double] = []
    let end = monotonicSeconds() + limit
    repeat { times.append(try seconds(body)) } while monotonicSeconds() < end
    return median(times)
  }

  /// The upper median of the values; not a number where there are none.
  static func median(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.sorted()[values.count / 2]
  }
}
