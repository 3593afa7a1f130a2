import ArgumentParser

/// The values that a numeric option may have, for the checks of all commands.
enum OptionRange {
  /// The allowed numbers of threads of a rank. The largest is above the cores of any machine, and a process can still
  /// start as many.
  static let threads = 1...1024

  /// The number that an option's text says in decimals: Swift's own reader takes hexadecimal ones too. The help of an
  /// option that is read by it does not tell the default by itself.
  static func decimal(_ text: String) throws -> Double {
    guard !text.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }), let number = Double(text) else {
      throw ValidationError("a decimal number is expected")
    }
    return number
  }

  /// The steps that an option's text names, counted from 1: `110`, or `101-110`. At most a hundred, which make some
  /// megabytes of a timeline for each rank.
  static func steps(_ text: String) throws -> ClosedRange<Int> {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first > 0,
      last >= first, last - first < 100
    else { throw ValidationError("a step or a range of at most a hundred is expected, such as 101-110") }
    return first...last
  }

  /// Checks the value of an option.
  /// - Parameters:
  ///   - value: the value; nil where the option was not given.
  ///   - unit: the unit of the numbers, with a space before it.
  /// - Throws: `ValidationError` that names the option and the allowed values.
  static func check<Value: Comparable>(
    _ option: String, _ value: Value?, in range: ClosedRange<Value>, unit: String = ""
  ) throws {
    guard let value, !range.contains(value) else { return }
    throw ValidationError("\(option): \(range.lowerBound) to \(range.upperBound)\(unit), found \(value)")
  }
}
