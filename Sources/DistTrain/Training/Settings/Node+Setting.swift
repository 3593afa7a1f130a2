import Yams

extension Node {
  /// The text of a scalar without quotes: what may be a number or a truth value.
  var plainText: String? {
    guard let scalar, scalar.style == .plain || scalar.style == .any else { return nil }
    return scalar.string
  }

  /// Whether the node is null or empty.
  var isNull: Bool { plainText.map { ["", "~", "null", "Null", "NULL"].contains($0) } ?? false }

  /// The node in a few words, for errors.
  var summary: String {
    switch self {
    case .scalar(let scalar): isNull ? "null" : plainText ?? "the text \"\(scalar.string)\""
    case .sequence(let sequence):
      sequence.allSatisfy { $0.scalar != nil }
        ? "the list [\(sequence.map(\.summary).joined(separator: ", "))]" : "a list"
    case .mapping(let mapping): "a group (\(mapping.keys.map(\.summary).joined(separator: ", ")))"
    case .alias: "an alias"
    }
  }
}
