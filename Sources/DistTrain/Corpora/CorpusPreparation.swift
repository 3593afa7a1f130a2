import Foundation

/// A source's utterances after every one of them was opened: those that can be used, with their lengths, and the others.
package struct CorpusPreparation: Sendable {
  package let utterances: [ListedUtterance]
  /// In the byte order of paths, then ids.
  package let leftOut: [LeftOut]
  /// What can be used of the evaluation that the corpus brings along, and how many of its trials cannot.
  package let evaluation: (published: PublishedEvaluation, trialsLeftOut: Int)?

  /// Says how long an utterance is, or throws a `Failure` that says why it cannot be used.
  package typealias Inspection = @Sendable (ListedUtterance) throws -> Double

  /// Decodes the utterance.
  package static let decoding: Inspection = {
    try AudioInspection.inspect(path: $0.path, start: $0.start, seconds: $0.seconds).seconds
  }

  /// Opens all utterances on all cores.
  ///
  /// - Parameters:
  ///   - recordings: what the commands among the paths wrote; a command that is not there is opened as a path.
  ///   - minimumSeconds: what is shorter, joined or not, is left out, but for the corpus's own evaluation.
  ///   - minimumUtterances: speakers with fewer usable utterances are left out, but for the corpus's own evaluation.
  ///   - joiningBelow: what is shorter is joined with others of its speaker; nil joins nothing.
  ///   - finished: hears after each utterance, from any thread.
  /// - Throws: `Failure(.badData)` where too little is left of the corpus's own evaluation.
  package init(
    _ source: CorpusSource, recordings: [String: Result<String, Failure>] = [:], minimumSeconds: Double,
    minimumUtterances: Int, joiningBelow limit: Double? = nil,
    inspection: @escaping Inspection = CorpusPreparation.decoding, finished: @Sendable () -> Void = {}
  ) throws {
    var leftOut = source.leftOut
    func open(_ utterances: [ListedUtterance]) -> [ListedUtterance] {
      let opened = utterances.concurrentMap(finished: finished) { utterance in
        Result { try Self.open(utterance, recordings: recordings, inspection) }
      }
      return zip(utterances, opened).compactMap { utterance, opened in
        switch opened {
        case .success(let utterance): return utterance
        case .failure(let error):
          leftOut.append(utterance.leftOut(Self.reason(error, path: utterance.path)))
          return nil
        }
      }
    }
    var usable = open(source.utterances)
    if let limit { usable = try UtteranceJoining.join(usable, shorterThan: limit) }
    let (long, short) = usable.divided { $0.seconds! >= minimumSeconds }
    leftOut += short.map {
      $0.leftOut("is too short: \($0.seconds!) s, --minimum-seconds is \(minimumSeconds)")
    }
    var counts: [String: Int] = [:]
    for utterance in long { counts[utterance.speaker, default: 0] += 1 }
    let (enough, few) = long.divided { counts[$0.speaker]! >= minimumUtterances }
    leftOut += few.map {
      $0.leftOut(
        "its speaker has too few usable utterances: \(counts[$0.speaker]!), --minimum-utterances is \(minimumUtterances)"
      )
    }
    utterances = enough
    evaluation = try source.evaluation.map { whole in
      let left = try whole.restricted(to: open(whole.utterances))
      return (left, whole.trials.trials.count - left.trials.trials.count)
    }
    self.leftOut = ByteOrder.sorted(ByteOrder.sorted(leftOut) { $0.utterance }) { $0.path }
  }

  /// How many were left out for each kind of reason, the most frequent first.
  package var leftOutByKind: [(kind: String, count: Int)] {
    Dictionary(grouping: leftOut, by: \.kind).map { (kind: $0.key, count: $0.value.count) }
      .sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
  }

  private static func open(
    _ utterance: ListedUtterance, recordings: [String: Result<String, Failure>], _ inspection: Inspection
  ) throws -> ListedUtterance {
    var utterance = utterance
    if !utterance.pieces.isEmpty {
      utterance.pieces = try utterance.pieces.map { try open($0, recordings: recordings, inspection) }
      utterance.seconds = UtteranceJoining.seconds(utterance.pieces)
      return utterance
    }
    if let recording = recordings[utterance.path] { utterance.path = try recording.get() }
    let seconds = KaldiDirectory.rounded(try inspection(utterance))
    // A segment may end a little after its file, since lists are rounded.
    utterance.seconds = min(seconds, utterance.recording == nil ? .infinity : utterance.seconds ?? .infinity)
    return utterance
  }

  private static func reason(_ error: any Error, path: String) -> String {
    let message = (error as? Failure)?.message ?? "\(error)"
    let reason = message.hasPrefix(path + ": ") ? String(message.dropFirst(path.count + 2)) : message
    if reason.hasPrefix("lasts ") { return "the segment is not in its file: \(reason)" }
    let suffix = (path as NSString).pathExtension.lowercased()
    guard reason.hasPrefix("is not audio"), AudioTree.foreignSuffixes.contains(suffix) else { return reason }
    return "is .\(suffix), which libsndfile does not read: \(AudioTree.conversion(suffix))"
  }
}

extension ListedUtterance {
  fileprivate func leftOut(_ reason: String) -> LeftOut {
    LeftOut(utterance: id, path: path, reason: reason)
  }
}

extension Array {
  /// The elements that satisfy the predicate, and the others, each in their order.
  fileprivate func divided(by predicate: (Element) -> Bool) -> ([Element], [Element]) {
    (filter(predicate), filter { !predicate($0) })
  }
}
