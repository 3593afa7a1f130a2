import Foundation
import Yams

/// A type that a setting can have, which is read from a YAML node and written as YAML.
protocol SettingValue: Sendable {
  /// A description of the type's values for errors, such as `a whole number`.
  static var expectation: String { get }
  /// The values by name, where they are few.
  static var choices: String? { get }
  /// The value of a node; nil where the node holds something else.
  static func read(_ node: Node) -> Self?
  /// The value on one line of YAML, which reads back as the same value here and in readers of YAML 1.1 such as PyYAML.
  var yaml: String { get }
}

extension SettingValue {
  static var choices: String? { nil }
}

extension SettingValue where Self: FixedWidthInteger {
  static func read(_ node: Node) -> Self? { node.plainText.flatMap { Self($0) } }
  var yaml: String { "\(self)" }
}

extension Int: SettingValue {
  static var expectation: String { "a whole number" }
}

extension UInt64: SettingValue {
  static var expectation: String { "a whole number, 0 or more" }
}

extension Double: SettingValue {
  static var expectation: String { "a number" }

  static func read(_ node: Node) -> Double? {
    guard let text = node.plainText, text.allSatisfy({ "0123456789.+-eE".contains($0) }) else { return nil }
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
  }

  /// The shortest decimal that reads back as the same number. With an exponent the decimal keeps its point, without
  /// which YAML 1.1 would take it for text.
  var yaml: String {
    if let whole = Int(exactly: self) { return "\(whole)" }
    let parts = "\(self)".split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return "\(self)" }
    return "\(parts[0])\(parts[0].contains(".") ? "" : ".0")e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
  }
}

extension Bool: SettingValue {
  static var expectation: String { "true or false" }

  static func read(_ node: Node) -> Bool? {
    switch node.plainText {
    case "true", "True", "TRUE": true
    case "false", "False", "FALSE": false
    default: nil
    }
  }

  var yaml: String { "\(self)" }
}

extension String: SettingValue {
  static var expectation: String { "a path" }

  static func read(_ node: Node) -> String? {
    guard let text = node.scalar?.string, !text.isEmpty, !node.isNull else { return nil }
    return text
  }

  /// The text as it is where it reads back as the same text, or else in double quotes.
  var yaml: String {
    if isPlain { return self }
    let quoted = try? Yams.serialize(
      node: Node(self, Tag(.str), .doubleQuoted), width: -1, allowUnicode: true, lineBreak: .ln)
    guard let quoted else { preconditionFailure("a string that YAML can't hold: \(debugDescription)") }
    return quoted.trimmingCharacters(in: .newlines)
  }

  private var isPlain: Bool {
    let safe: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+@".contains($0)) }
    let startsSafely = first.map { $0.isLetter || $0 == "/" } ?? false || hasPrefix("./") || hasPrefix("../")
    return startsSafely && allSatisfy(safe) && Resolver.default.resolveTag(of: Node(self)) == .str
  }
}

extension Optional: SettingValue where Wrapped: SettingValue {
  static var expectation: String { "\(Wrapped.expectation) or null" }
  static var choices: String? { Wrapped.choices }
  static func read(_ node: Node) -> Wrapped?? { node.isNull ? .some(nil) : Wrapped.read(node).map { .some($0) } }
  var yaml: String { self?.yaml ?? "null" }
}

extension Array: SettingValue where Element: SettingValue {
  static var expectation: String { "a list, each \(Element.expectation)" }

  static func read(_ node: Node) -> [Element]? {
    guard let sequence = node.sequence else { return nil }
    let elements = sequence.compactMap { Element.read($0) }
    return elements.count == sequence.count ? elements : nil
  }

  var yaml: String { "[\(map(\.yaml).joined(separator: ", "))]" }
}

extension ClosedRange: SettingValue where Bound == Double {
  static var expectation: String { "a list of two numbers, [lowest, highest]" }

  static func read(_ node: Node) -> ClosedRange<Double>? {
    guard let ends = [Double].read(node), ends.count == 2, ends[0] <= ends[1] else { return nil }
    return ends[0]...ends[1]
  }

  var yaml: String { [lowerBound, upperBound].yaml }
}

/// A setting whose values are a few names.
protocol Choice: SettingValue, RawRepresentable<String>, CaseIterable, Codable, Equatable {}

extension Choice {
  static var expectation: String { "one of \(allCases.map(\.rawValue).joined(separator: ", "))" }
  static var choices: String? { allCases.map(\.rawValue).joined(separator: " | ") }
  static func read(_ node: Node) -> Self? { node.scalar.flatMap { Self(rawValue: $0.string) } }
  var yaml: String { rawValue.yaml }
}
