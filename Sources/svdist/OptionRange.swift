import ArgumentParser

/// The values that a numeric option may have, for the checks of all commands.
enum OptionRange {
  /// Threads of a rank: more than a machine has cores, and so few that a process can start them.
  static let threads = 1...1024

  /// - Parameters:
  ///   - value: nil where the option was not given.
  ///   - unit: what the numbers are, with a blank before it.
  /// - Throws: `ValidationError` that names the option and what is allowed.
  static func check<Value: Comparable>(
    _ option: String, _ value: Value?, in range: ClosedRange<Value>, unit: String = ""
  ) throws {
    guard let value, !range.contains(value) else { return }
    throw ValidationError("\(option): \(range.lowerBound) to \(range.upperBound)\(unit), found \(value)")
  }
}
