/// What the trimming of silence did to a corpus.
package struct SilenceTrimming: Sendable {
  /// The utterances that silence was removed from, in the byte order of their ids.
  package let trimmed: [TrimmedUtterance]
  /// How many recordings with voice were looked through, and how long they were.
  package let count: Int
  package let seconds: Double
  /// Utterances whose times in their recordings are the source's (segments, pieces): nothing is removed from them.
  package let given: Int

  package static let reportName = "trimmed.tsv"

  package var removedSeconds: Double { trimmed.reduce(0) { $0 + $1.removed } }

  init(_ all: [TrimmedUtterance], given: Int) {
    trimmed = ByteOrder.sorted(all.filter { $0.removed > 0 }) { $0.utterance }
    count = all.count
    seconds = all.reduce(0) { $0 + $1.seconds }
    self.given = given
  }

  /// The lines of trimmed.tsv: utterance, the recording's seconds, those kept, from which to which.
  var report: [String] {
    ["utterance\tseconds\tkept\tfrom-to"]
      + trimmed.map { utterance in
        let kept = utterance.kept.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: " ")
        return "\(utterance.utterance)\t\(utterance.seconds)\t\(utterance.keptSeconds)\t\(kept)"
      }
  }
}

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
