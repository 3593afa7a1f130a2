/// Numbers before their nouns, in messages.
extension Int {
  /// The number and its noun, such as `1 step`, `2 steps` or `0 batches`.
  /// - Parameter noun: the thing in the singular, whose plural ends in -s, or -es behind ch and s.
  package func counted(_ noun: String) -> String {
    "\(self) \(noun)\(self == 1 ? "" : noun.hasSuffix("ch") || noun.hasSuffix("s") ? "es" : "s")"
  }

  /// The one of two words that goes with the number, such as `is` or `are`.
  package func ifOne(_ one: String, _ more: String) -> String { self == 1 ? one : more }
}
