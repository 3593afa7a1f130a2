import Foundation

/// A source's utterances after every one of them was opened: those that can be used, with their lengths, and the others.
package struct CorpusPreparation: Sendable {
  package let utterances: [ListedUtterance]
  /// In the byte order of paths, then ids.
  package let leftOut: [LeftOut]

  /// Says how long an utterance is, or throws a `Failure` that says why it cannot be used.
  package typealias Inspection = @Sendable (ListedUtterance) throws -> Double

  /// Decodes the utterance.
  package static let decoding: Inspection = {
    try AudioInspection.inspect(path: $0.path, start: $0.start, seconds: $0.seconds).seconds
  }

  /// Opens all utterances on all cores.
  ///
  /// - Parameters:
  ///   - minimumSeconds: what is shorter is left out.
  ///   - minimumUtterances: speakers with fewer usable utterances are left out.
  ///   - finished: hears after each utterance, from any thread.
  package init(
    _ source: CorpusSource, minimumSeconds: Double, minimumUtterances: Int,
    inspection: @escaping Inspection = CorpusPreparation.decoding, finished: @Sendable () -> Void = {}
  ) {
    let lengths = source.utterances.concurrentMap(finished: finished) { utterance in
      Result { try inspection(utterance) }
    }
    var usable: [ListedUtterance] = []
    var leftOut = source.leftOut
    for (utterance, length) in zip(source.utterances, lengths) {
      switch length {
      case .success(let seconds) where seconds >= minimumSeconds:
        var utterance = utterance
        // A segment may end a little after its file, since lists are rounded.
        utterance.seconds = min(
          KaldiDirectory.rounded(seconds), utterance.recording == nil ? .infinity : utterance.seconds!)
        usable.append(utterance)
      case .success(let seconds):
        leftOut.append(
          utterance.leftOut(
            "is too short: \(KaldiDirectory.rounded(seconds)) s, --minimum-seconds is \(minimumSeconds)"))
      case .failure(let error):
        leftOut.append(utterance.leftOut(Self.reason(error, path: utterance.path)))
      }
    }
    var counts: [String: Int] = [:]
    for utterance in usable { counts[utterance.speaker, default: 0] += 1 }
    for utterance in usable where counts[utterance.speaker]! < minimumUtterances {
      let count = counts[utterance.speaker]!
      leftOut.append(
        utterance.leftOut(
          "its speaker has too few usable utterances: \(count), --minimum-utterances is \(minimumUtterances)"))
    }
    self.utterances = usable.filter { counts[$0.speaker]! >= minimumUtterances }
    self.leftOut = ByteOrder.sorted(ByteOrder.sorted(leftOut) { $0.utterance }) { $0.path }
  }

  /// How many were left out for each kind of reason, the most frequent first.
  package var leftOutByKind: [(kind: String, count: Int)] {
    Dictionary(grouping: leftOut, by: \.kind).map { (kind: $0.key, count: $0.value.count) }
      .sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
  }

  private static func reason(_ error: any Error, path: String) -> String {
    let message = (error as? Failure)?.message ?? "\(error)"
    let reason = message.hasPrefix(path + ": ") ? String(message.dropFirst(path.count + 2)) : message
    return reason.hasPrefix("lasts ") ? "the segment is not in its file: \(reason)" : reason
  }
}

extension ListedUtterance {
  fileprivate func leftOut(_ reason: String) -> LeftOut {
    LeftOut(utterance: id, path: path, reason: reason)
  }
}
