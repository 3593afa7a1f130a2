/// The effect of trimming silence on a corpus.
package struct SilenceTrimming: Sendable {
  /// The utterances from which silence was removed, in the byte order of their ids.
  package let trimmed: [TrimmedUtterance]
  /// The number of recordings with voice that were looked through.
  package let count: Int
  /// The length of these recordings in seconds.
  package let seconds: Double
  /// The number of utterances whose times within their recordings the source gives (segments, pieces); nothing is
  /// removed from these.
  package let given: Int

  package static let reportName = "trimmed.tsv"

  /// The seconds that were removed from all utterances.
  package var removedSeconds: Double { trimmed.reduce(0) { $0 + $1.removed } }

  init(_ all: [TrimmedUtterance], given: Int) {
    trimmed = ByteOrder.sorted(all.filter { $0.removed > 0 }) { $0.utterance }
    count = all.count
    seconds = all.reduce(0) { $0 + $1.seconds }
    self.given = given
  }

  /// The lines of trimmed.tsv: the utterance, the seconds of its recording, the seconds kept, and the stretches kept.
  var report: [String] {
    ["utterance\tseconds\tkept\tfrom-to"]
      + trimmed.map { utterance in
        let kept = utterance.kept.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: " ")
        return "\(utterance.utterance)\t\(utterance.seconds)\t\(utterance.keptSeconds)\t\(kept)"
      }
  }
}

/// A recording that was looked through for voice, and the parts of it that were kept.
package struct TrimmedUtterance: Sendable, Equatable {
  package let utterance: String
  /// The length of the recording in seconds.
  package let seconds: Double
  /// The stretches that were kept, in seconds, ascending; where nothing was removed, this is one from 0 to the end.
  package let kept: [Range<Double>]

  /// The seconds that were removed.
  package var removed: Double { seconds - keptSeconds }

  /// The seconds that were kept.
  var keptSeconds: Double {
    KaldiDirectory.rounded(kept.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) })
  }
}
