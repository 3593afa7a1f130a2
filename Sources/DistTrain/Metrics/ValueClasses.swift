import Foundation

/// The values of a property in a few classes: its words in byte order, or ranges of its numbers where it has many.
package struct ValueClasses: Sendable, Equatable {
  /// The names of the classes, in their order.
  package let names: [String]
  /// The class of each value, as a place in `names`.
  package let numbers: [Int]

  /// The most different numbers that are classes each.
  private static let mostNumbers = 8
  private static let unknown = "unknown"

  /// - Parameter values: the values; nil where one is not known, which is a class of its own, the last.
  package init(_ values: [String?]) {
    let known = Set(values.compactMap(\.self))
    let decimals = known.compactMap { Double($0) }.filter(\.isFinite)
    if known.count > Self.mostNumbers, decimals.count == known.count {
      let numbers = values.map { $0.flatMap(Double.init) }
      self.init(numbers, bounds: Self.quartiles(numbers.compactMap(\.self).sorted()), unit: "")
      return
    }
    // In the order of numbers where all are, so that 9 comes before 10.
    let order =
      decimals.count == known.count
      ? known.sorted { (Double($0) ?? 0, $0) < (Double($1) ?? 0, $1) }
      : known.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    self.init(
      names: order + (values.contains(nil) ? [Self.unknown] : []),
      numbers: values.map { $0.flatMap { places[$0] } ?? order.count })
  }

  /// Classes of numbers between bounds: below the first, from each to the next, and from the last on; those that no
  /// number is in are left out.
  /// - Parameters:
  ///   - bounds: ascending.
  ///   - unit: what follows the numbers in names.
  package init(_ values: [Double?], bounds: [Double], unit: String) {
    func text(_ bound: Double) -> String { bound == bound.rounded() ? "\(Int(bound))" : String(format: "%g", bound) }
    let ranges =
      [bounds.first.map { "below \(text($0))\(unit)" } ?? "all"]
      + zip(bounds, bounds.dropFirst()).map { "\(text($0)) to \(text($1))\(unit)" }
      + (bounds.last.map { ["\(text($0))\(unit) and more"] } ?? [])
    let places = values.map { value in value.map { value in bounds.count { $0 <= value } } ?? ranges.count }
    let used = Set(places).sorted()
    let order = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
    self.init(
      names: used.map { $0 < ranges.count ? ranges[$0] : Self.unknown }, numbers: places.map { order[$0] ?? 0 })
  }

  private init(names: [String], numbers: [Int]) {
    self.names = names
    self.numbers = numbers
  }

  private static func quartiles(_ sorted: [Double]) -> [Double] {
    var bounds: [Double] = []
    for share in [0.25, 0.5, 0.75] {
      let bound = sorted[Int(share * Double(sorted.count))]
      if bound > bounds.last ?? sorted[0] { bounds.append(bound) }
    }
    return bounds
  }
}
