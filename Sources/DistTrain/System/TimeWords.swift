import Foundation

/// Lengths of time in words.
package enum TimeWords {
  /// What a time that is estimated, or counts from now, comes to: rounded up, in two units at most, such as `45 s`,
  /// `2 min 10 s`, `1 h 04 min` or `3 d 2 h`.
  package static func about(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let total = Int(max(seconds, 0).rounded(.up))
    if total < 60 { return "\(total) s" }
    return total < 86_400 ? exact(Double(total)) : "\(total / 86_400) d \(total / 3600 % 24) h"
  }

  /// What a time that was measured comes to: such as `0 min 45 s`, `2 min 10 s` or `74 h 04 min`.
  package static func exact(_ seconds: Double) -> String {
    guard (0..<1e12).contains(seconds) else { return "?" }
    let whole = Int(seconds.rounded())
    let (hours, rest) = whole.quotientAndRemainder(dividingBy: 3600)
    return hours > 0
      ? String(format: "%d h %02d min", hours, rest / 60) : String(format: "%d min %02d s", rest / 60, rest % 60)
  }
}
