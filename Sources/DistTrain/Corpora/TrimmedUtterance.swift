/// A recording that was looked through for voice, and what was kept of it.
package struct TrimmedUtterance: Sendable, Equatable {
  package let utterance: String
  /// The recording's length.
  package let seconds: Double
  /// From which second of it to which, ascending; one from 0 to its end where nothing was removed.
  package let kept: [Range<Double>]

  /// Seconds that were removed.
  package var removed: Double { seconds - keptSeconds }

  var keptSeconds: Double {
    KaldiDirectory.rounded(kept.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) })
  }
}
