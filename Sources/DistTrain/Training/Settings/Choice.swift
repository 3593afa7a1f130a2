import Yams

/// A setting that is one of a few names.
protocol Choice: SettingValue, RawRepresentable<String>, CaseIterable, Codable, Equatable {}

extension Choice {
  static var expectation: String { "one of \(allCases.map(\.rawValue).joined(separator: ", "))" }
  static var choices: String? { allCases.map(\.rawValue).joined(separator: " | ") }
  static func read(_ node: Node) -> Self? { node.scalar.flatMap { Self(rawValue: $0.string) } }
  var yaml: String { rawValue.yaml }
}
