import Foundation

/// The utterances of a source after each of them was opened: those that can be used, with their lengths, and the
/// others.
package struct CorpusPreparation: Sendable {
  /// The utterances that can be used, in the byte order of their ids.
  package let utterances: [ListedUtterance]
  /// The utterances and files that were left out, in the byte order of paths, then of ids.
  package let leftOut: [LeftOut]
  /// The usable part of the evaluation that the corpus brings along, and the number of its trials that cannot be used.
  package let evaluation: (published: PublishedEvaluation, trialsLeftOut: Int)?

  /// The lists that the source has beside its utterances.
  let companions: CompanionLists?

  /// The silence that was removed; nil where none was looked for.
  package let trimming: SilenceTrimming?
  /// The number of utterances of recordings of several channels whose mean is taken.
  package let averaged: Int
  /// The number of utterances that are whole recordings of another length than the source's utt2dur tells.
  package let ofOtherLength: Int
  /// A line on utterances that the lists name twice (`RepeatedRecordings`); nil where there are none.
  package let repeated: String?

  /// Opens all utterances on all cores.
  ///
  /// - Parameters:
  ///   - recordings: the outputs of the commands among the paths; a command that has none is opened as a path.
  ///   - channels: what is heard of recordings of several channels of which the source names none; the corpus's own
  ///     evaluation has its mean instead of each channel.
  ///   - lengths: the accepted lengths in seconds; utterances of other lengths, joined or not, are left out, except in
  ///     the corpus's own evaluation.
  ///   - minimumUtterances: the number of usable utterances below which speakers are left out, except in the corpus's
  ///     own evaluation.
  ///   - voice: the rule for voice by which silence is removed from recordings of which the source names no parts,
  ///     except in the corpus's own evaluation; nil removes nothing.
  ///   - limit: the length in seconds below which utterances are joined with others of their speaker; nil joins none.
  ///   - finished: is called after each utterance, from any thread.
  /// - Throws: `Failure(.badData)` where too little is left of the corpus's own evaluation.
  package init(
    _ source: CorpusSource, recordings: [Name: Result<String, Failure>] = [:], channels: ChannelChoice = .mean,
    lengths: ClosedRange<Double>, minimumUtterances: Int, voice: VoiceActivity? = nil,
    joiningBelow limit: Double? = nil,
    finished: @escaping @Sendable () -> Void = {}
  ) throws {
    companions = source.companions
    let copies = RecordingCopies(source)
    let opening = UtteranceOpening(
      recordings: recordings, copies: copies,
      // What is too short by itself may be joined.
      lengths: limit == nil ? lengths : min(0, lengths.lowerBound)...lengths.upperBound, finished: finished)
    var (leftOut, passed) = (source.leftOut, copies.passed)
    let opened = try opening.open(source.utterances, channels: channels, voice: voice, &leftOut, &passed)
    let trimmed = opened.compactMap(\.trimmed)
    trimming = voice.map { _ in SilenceTrimming(trimmed, given: opened.count - trimmed.count) }
    var usable = opened.map(\.utterance)
    if let limit { usable = try UtteranceJoining.join(usable, shorterThan: limit) }
    utterances = Self.chosen(
      usable, lengths: lengths, minimumUtterances: minimumUtterances, trimmed: trimmed, &leftOut)
    repeated = RepeatedRecordings.note(utterances)
    var averaged = opened.count(where: \.isMean)
    ofOtherLength = opened.count(where: \.isOfOtherLength)
    evaluation = try source.evaluation.map { whole in
      let heard = try opening.open(
        whole.utterances, channels: channels == .each ? .mean : channels, voice: nil, &leftOut, &passed)
      averaged += heard.count(where: \.isMean)
      let left = try whole.restricted(to: heard.map(\.utterance))
      return (left, whole.trials.trials.count - left.trials.trials.count)
    }
    self.averaged = averaged
    leftOut += RecordingCopies.leftOut(passed, kept: utterances + (evaluation?.published.utterances ?? []))
    leftOut = Self.named(leftOut, after: recordings)
    self.leftOut = ByteOrder.sorted(ByteOrder.sorted(leftOut) { $0.utterance }) { $0.path }
  }

  /// What is left out, with the commands in place of the files of their outputs, which do not stay.
  private static func named(_ leftOut: [LeftOut], after recordings: [Name: Result<String, Failure>]) -> [LeftOut] {
    let commands = Dictionary(
      recordings.compactMap { command, output in (try? output.get()).map { (Name($0), command.text) } },
      uniquingKeysWith: { first, _ in first })
    return leftOut.map {
      LeftOut(utterance: $0.utterance, path: commands[Name($0.path)] ?? $0.path, reason: $0.reason)
    }
  }

  /// The utterances of an accepted length whose speakers have enough of them; the others are left out.
  private static func chosen(
    _ usable: [ListedUtterance], lengths: ClosedRange<Double>, minimumUtterances: Int, trimmed: [TrimmedUtterance],
    _ leftOut: inout [LeftOut]
  ) -> [ListedUtterance] {
    let (right, wrong) = usable.divided { lengths.contains($0.seconds!) }
    let removed = Dictionary(uniqueKeysWithValues: trimmed.map { (Name($0.utterance), $0.removed) })
    leftOut += wrong.map { $0.leftOut(reason($0.seconds!, lengths, removed: removed[Name($0.id)] ?? 0)) }
    var counts: [Name: Int] = [:]
    for utterance in right { counts[Name(utterance.speaker), default: 0] += 1 }
    let (enough, few) = right.divided { counts[Name($0.speaker)]! >= minimumUtterances }
    leftOut += few.map {
      $0.leftOut(
        "its speaker has too few usable utterances: \(counts[Name($0.speaker)]!), --minimum-utterances is \(minimumUtterances)"
      )
    }
    return enough
  }

  /// The number of utterances left out for each kind of reason, the most frequent kind first.
  package var leftOutByKind: [(kind: String, count: Int)] {
    Dictionary(grouping: leftOut, by: \.kind).map { (kind: $0.key, count: $0.value.count) }
      .sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
  }

  /// The reason for which an utterance of a wrong length is left out.
  static func reason(_ seconds: Double, _ lengths: ClosedRange<Double>, removed: Double) -> String {
    let rest = removed > 0 ? " without its silence" : ""
    let whole = removed > 0 ? " of \(KaldiDirectory.rounded(seconds + removed)) s" : ""
    return seconds < lengths.lowerBound
      ? "is too short\(rest): \(seconds) s\(whole), --minimum-seconds is \(lengths.lowerBound)"
      : "is too long\(rest): \(seconds) s\(whole), --maximum-seconds is \(lengths.upperBound)"
  }
}

extension Array {
  /// The elements that satisfy the predicate and the others, each in their order.
  fileprivate func divided(by predicate: (Element) -> Bool) -> ([Element], [Element]) {
    (filter(predicate), filter { !predicate($0) })
  }
}
