/// The samples that were clipped in copies of 16 bits, because they lie beyond full scale.
package struct Clipping: Sendable, Equatable {
  /// The number of these samples.
  package private(set) var samples = 0
  /// The number of copies that have any.
  package private(set) var copies = 0
  /// The name of the first of these copies.
  package private(set) var first: String?

  package init() {}

  /// Adds what was clipped in one copy.
  package mutating func add(_ count: Int, of name: String) {
    guard count > 0 else { return }
    samples += count
    copies += 1
    first = first ?? name
  }

  /// Adds what was clipped in other copies, which come after these.
  mutating func add(_ other: Clipping) {
    samples += other.samples
    copies += other.copies
    first = first ?? other.first
  }

  /// The number of samples that 16 bits cannot hold. Full scale itself, 32768 steps, counts as held.
  static func count(_ samples: [Float]) -> Int { samples.count { ($0 * 32_768).magnitude.rounded() > 32_768 } }

  /// A remark in one line; nil where nothing was clipped.
  package var remark: String? {
    first.map {
      "samples beyond full scale are clipped in the 16-bit copies: \(samples) in \(copies) "
        + "\(copies == 1 ? "recording" : "recordings") (the first: \($0))"
    }
  }
}
