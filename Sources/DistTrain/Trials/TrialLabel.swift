/// The answers to trials as lists write them, whatever their case.
enum TrialLabel {
  private static let targets = ["target", "tgt", "true", "same", "positive", "pos", "genuine", "match", "yes"]
  private static let others = [
    "nontarget", "non-target", "non_target", "nontgt", "imp", "impostor", "imposter", "false", "different", "diff",
    "negative", "neg", "nonmatch", "mismatch", "no",
  ]
  private static let answers = Dictionary(
    uniqueKeysWithValues: targets.map { (Array($0.utf8), true) } + others.map { (Array($0.utf8), false) })
  private static let longest = 10

  /// Whether a field says target or non-target; nil where it says neither.
  static func isTarget(_ field: UnsafeRawBufferPointer) -> Bool? {
    if field.count == 1 { return digit(field) }
    guard field.count <= longest else { return nil }
    return answers[field.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }]
  }

  /// The answer of a field that is 1 or 0.
  static func digit(_ field: UnsafeRawBufferPointer) -> Bool? {
    guard field.count == 1 else { return nil }
    switch field[0] {
    case UInt8(ascii: "1"): return true
    case UInt8(ascii: "0"): return false
    default: return nil
    }
  }
}
