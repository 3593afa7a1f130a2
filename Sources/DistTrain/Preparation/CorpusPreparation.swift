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
    finished: @Sendable () -> Void = {}
  ) throws {
    companions = source.companions
    var leftOut = source.leftOut
    func open(
      _ utterances: [ListedUtterance], channels: ChannelChoice, voice: VoiceActivity?
    ) throws -> [Opened] {
      let outcomes = utterances.concurrentMap(finished: finished) { utterance in
        Self.open(utterance, recordings: recordings, channels, voice)
      }
      try ChannelChoice.checkNames(
        zip(utterances, outcomes).flatMap { from, made in made.map { (from: from, made: $0.utterance) } })
      return outcomes.joined().compactMap { utterance, opened in
        switch opened {
        case .success(let opened): return opened
        case .failure(let error):
          leftOut.append(utterance.leftOut(Self.reason(error, path: utterance.path)))
          return nil
        }
      }
    }
    let opened = try open(source.utterances, channels: channels, voice: voice)
    let trimmed = opened.compactMap(\.trimmed)
    trimming = voice.map { _ in SilenceTrimming(trimmed, given: opened.count - trimmed.count) }
    var usable = opened.map(\.utterance)
    if let limit { usable = try UtteranceJoining.join(usable, shorterThan: limit) }
    let (right, wrong) = usable.divided { lengths.contains($0.seconds!) }
    let removed = Dictionary(uniqueKeysWithValues: trimmed.map { (Name($0.utterance), $0.removed) })
    leftOut += wrong.map { $0.leftOut(Self.reason($0.seconds!, lengths, removed: removed[Name($0.id)] ?? 0)) }
    var counts: [Name: Int] = [:]
    for utterance in right { counts[Name(utterance.speaker), default: 0] += 1 }
    let (enough, few) = right.divided { counts[Name($0.speaker)]! >= minimumUtterances }
    leftOut += few.map {
      $0.leftOut(
        "its speaker has too few usable utterances: \(counts[Name($0.speaker)]!), --minimum-utterances is \(minimumUtterances)"
      )
    }
    utterances = enough
    var averaged = opened.count(where: \.isMean)
    evaluation = try source.evaluation.map { whole in
      let heard = try open(whole.utterances, channels: channels == .each ? .mean : channels, voice: nil)
      averaged += heard.count(where: \.isMean)
      let left = try whole.restricted(to: heard.map(\.utterance))
      return (left, whole.trials.trials.count - left.trials.trials.count)
    }
    self.averaged = averaged
    self.leftOut = ByteOrder.sorted(ByteOrder.sorted(leftOut) { $0.utterance }) { $0.path }
  }

  /// The number of utterances left out for each kind of reason, the most frequent kind first.
  package var leftOutByKind: [(kind: String, count: Int)] {
    Dictionary(grouping: leftOut, by: \.kind).map { (kind: $0.key, count: $0.value.count) }
      .sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
  }

  /// An utterance that can be used.
  private struct Opened {
    var utterance: ListedUtterance
    /// The part of its recording that was kept; nil where voice was not looked for.
    var trimmed: TrimmedUtterance?
    /// Whether it is the mean of several channels.
    var isMean = false
  }

  /// Opens what is heard of an utterance: one utterance, or one for each channel.
  private static func open(
    _ utterance: ListedUtterance, recordings: [Name: Result<String, Failure>], _ channels: ChannelChoice,
    _ voice: VoiceActivity?
  ) -> [(utterance: ListedUtterance, opened: Result<Opened, any Error>)] {
    do {
      let heard = try channels.utterances(utterance) { try recordings[Name($0.path)]?.get() ?? $0.path }
      return heard.map { one in (one, Result { try open(one, recordings: recordings, voice) }) }
    } catch {
      return [(utterance, .failure(error))]
    }
  }

  private static func open(
    _ utterance: ListedUtterance, recordings: [Name: Result<String, Failure>], _ voice: VoiceActivity?
  ) throws -> Opened {
    var utterance = utterance
    if !utterance.pieces.isEmpty {
      let pieces = try utterance.pieces.map { try open($0, recordings: recordings, nil) }
      utterance.pieces = pieces.map(\.utterance)
      utterance.seconds = ListedUtterance.seconds(of: utterance.pieces)
      utterance.channel = nil
      return Opened(utterance: utterance, isMean: pieces.contains(where: \.isMean))
    }
    if let recording = recordings[Name(utterance.path)] { utterance.path = try recording.get() }
    let isWhole = utterance.recording == nil
    let found = try AudioInspection.inspect(
      path: utterance.path, start: utterance.start, seconds: utterance.seconds, channel: utterance.channel,
      voice: isWhole ? voice : nil)
    // The only channel needs no file of its own.
    if found.channels == 1 { utterance.channel = nil }
    let seconds = KaldiDirectory.rounded(found.seconds)
    // A segment may end a little after its file, because the times in lists are rounded.
    utterance.seconds = isWhole ? seconds : min(seconds, utterance.seconds ?? .infinity)
    let isMean = found.channels > 1 && utterance.channel == nil
    guard let samples = found.voice else { return Opened(utterance: utterance, isMean: isMean) }
    var trimmed = try trim(utterance, to: samples, sampleRate: found.sampleRate)
    trimmed.isMean = isMean
    return trimmed
  }

  /// The voice of a whole recording.
  private static func trim(_ utterance: ListedUtterance, to samples: [Range<Int>], sampleRate: Int) throws -> Opened {
    guard !samples.isEmpty else {
      throw Failure(.badData, "holds no voice: no frame's energy is above --trim-silence's threshold")
    }
    func seconds(_ sample: Int) -> Double { KaldiDirectory.rounded(Double(sample) / Double(sampleRate)) }
    let trimmed = TrimmedUtterance(
      utterance: utterance.id, seconds: utterance.seconds!,
      kept: samples.map { seconds($0.lowerBound)..<seconds($0.upperBound) })
    return Opened(utterance: trimmed.removed > 0 ? utterance.cut(to: trimmed.kept) : utterance, trimmed: trimmed)
  }

  /// The reason for which an utterance of a wrong length is left out.
  private static func reason(_ seconds: Double, _ lengths: ClosedRange<Double>, removed: Double) -> String {
    let rest = removed > 0 ? " without its silence" : ""
    let whole = removed > 0 ? " of \(KaldiDirectory.rounded(seconds + removed)) s" : ""
    return seconds < lengths.lowerBound
      ? "is too short\(rest): \(seconds) s\(whole), --minimum-seconds is \(lengths.lowerBound)"
      : "is too long\(rest): \(seconds) s\(whole), --maximum-seconds is \(lengths.upperBound)"
  }

  private static func reason(_ error: any Error, path: String) -> String {
    let reason = Failure(error).reason(at: path)
    if reason.hasPrefix("lasts ") { return "the segment is not in its file: \(reason)" }
    let suffix = FileSystem.suffix(of: path)
    guard reason.hasPrefix("is not audio"), AudioSuffix.foreign.contains(suffix) else { return reason }
    return AudioSuffix.refusal(suffix)
  }
}

extension ListedUtterance {
  fileprivate func leftOut(_ reason: String) -> LeftOut {
    LeftOut(utterance: id, path: path, reason: reason)
  }
}

extension Array {
  /// The elements that satisfy the predicate and the others, each in their order.
  fileprivate func divided(by predicate: (Element) -> Bool) -> ([Element], [Element]) {
    (filter(predicate), filter { !predicate($0) })
  }
}
