/// The lines of a log that are damaged or cut short.
package struct DamagedLines: Sendable {
  /// The numbers, from 1, of the first ones.
  package private(set) var lines: [Int] = []
  package private(set) var count = 0

  private static let most = 3

  mutating func add(_ line: Int) {
    count += 1
    if lines.count < Self.most { lines.append(line) }
  }

  /// A line about them; nil where there are none.
  /// - Parameters:
  ///   - thing: what a line of the log holds, such as `step`.
  ///   - things: several of them.
  func remark(of thing: String, _ things: String) -> String? {
    guard count > 0 else { return nil }
    let places = lines.map(String.init).joined(separator: ", ") + (count > lines.count ? ", …" : "")
    return count == 1
      ? "line \(places) is no whole \(thing) and is left out"
      : "\(count) lines are no whole \(things) and are left out: \(places)"
  }
}
