import Foundation

/// How far a command has come with work of known size, in words.
package struct WorkLine: Sendable, Equatable {
  /// What is done, out of `count`.
  package var done: Int
  package var count: Int
  /// The things that are counted and what is done to them, such as `utterances embedded`.
  package let things: String
  /// The seconds since the work began.
  package var seconds: Double

  package init(done: Int, count: Int, things: String, seconds: Double) {
    (self.done, self.count, self.things, self.seconds) = (done, count, things, seconds)
  }

  /// A line such as `300 of 1200 utterances embedded, 48.3/s, 19 s left`.
  package var text: String {
    let line = "\(done) of \(count) \(things)"
    guard done > 0, seconds > 0 else { return line }
    let rate = Double(done) / seconds
    return "\(line), \(Self.rate(rate))/s, \(TimeWords.about(Double(max(0, count - done)) / rate)) left"
  }

  /// Three significant digits, without an exponent.
  package static func rate(_ value: Double) -> String {
    let places = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3
    return String(format: "%.\(places)f", value)
  }
}
