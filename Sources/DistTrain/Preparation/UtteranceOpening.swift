import Foundation

/// Opens the utterances of a source, which tells what of them can be used.
struct UtteranceOpening: Sendable {
  /// The outputs of the commands among the paths.
  let recordings: [Name: Result<String, Failure>]
  let copies: RecordingCopies
  /// The accepted lengths in seconds, beyond which a copy is rather taken.
  let lengths: ClosedRange<Double>
  /// Is called after each utterance, from any thread.
  let finished: @Sendable () -> Void

  /// Opens utterances on all cores.
  /// - Parameters:
  ///   - leftOut: gets those that cannot be used.
  ///   - passed: gets the files beside those that are taken.
  /// - Returns: the utterances that can be used, in the byte order of their ids.
  /// - Throws: `Failure(.badData)` where a name that is needed for a channel is taken.
  func open(
    _ utterances: [ListedUtterance], channels: ChannelChoice, voice: VoiceActivity?, _ leftOut: inout [LeftOut],
    _ passed: inout [RecordingCopies.Passed]
  ) throws -> [Opened] {
    let choices = utterances.concurrentMap(finished: finished) { choose($0, channels, voice) }
    try ChannelChoice.checkNames(
      choices.flatMap { choice in choice.taken.heard.map { (from: choice.taken.utterance, made: $0.utterance) } })
    passed += choices.flatMap(\.passed)
    var usable: [Opened] = []
    for (utterance, outcome) in choices.lazy.flatMap(\.taken.heard) {
      switch outcome {
      case .success(let opened): usable.append(opened)
      case .failure(let error): leftOut.append(utterance.leftOut(reason(error, path: utterance.path)))
      }
    }
    // Names of channels may come before those of other utterances.
    return ByteOrder.sorted(usable) { $0.utterance.id }
  }

  /// An utterance that can be used.
  struct Opened {
    var utterance: ListedUtterance
    /// The part of its recording that was kept; nil where voice was not looked for.
    var trimmed: TrimmedUtterance?
    /// Whether it is the mean of several channels.
    var isMean = false
    /// Whether the source tells another length than that of its recording, by more than 0.1 s.
    var isOfOtherLength = false
  }

  /// A file of a recording, and what is heard of it.
  private struct File: Sendable {
    let utterance: ListedUtterance
    let heard: [(utterance: ListedUtterance, opened: Result<Opened, any Error>)]
  }

  /// Opens the files of an utterance's recording up to the first that can be used; where none can, the first stands for
  /// the recording.
  private func choose(
    _ utterance: ListedUtterance, _ channels: ChannelChoice, _ voice: VoiceActivity?
  ) -> (taken: File, passed: [RecordingCopies.Passed]) {
    let utterances = copies.files(of: utterance)
    var files: [File] = []
    var faults: [String?] = []
    for utterance in utterances {
      files.append(File(utterance: utterance, heard: open(utterance, channels, voice)))
      faults.append(fault(files.last!))
      if faults.last! == nil { break }
    }
    let taken = faults.firstIndex(of: nil) ?? 0
    let passed = utterances.indices.filter { $0 != taken }.map { index in
      RecordingCopies.Passed(
        path: utterances[index].path, preferred: utterances[taken].path,
        fault: index < faults.count ? faults[index] : nil)
    }
    return (files[taken], passed)
  }

  /// The reason why nothing of a file can be used; nil where something can.
  private func fault(_ file: File) -> String? {
    var first: String?
    for (utterance, outcome) in file.heard {
      switch outcome {
      case .failure(let error): first = first ?? reason(error, path: utterance.path)
      case .success(let opened):
        let seconds = opened.utterance.seconds!
        if lengths.contains(seconds) { return nil }
        first = first ?? CorpusPreparation.reason(seconds, lengths, removed: opened.trimmed?.removed ?? 0)
      }
    }
    return first
  }

  /// Opens what is heard of an utterance: one utterance, or one for each channel.
  private func open(
    _ utterance: ListedUtterance, _ channels: ChannelChoice, _ voice: VoiceActivity?
  ) -> [(utterance: ListedUtterance, opened: Result<Opened, any Error>)] {
    do {
      let heard = try channels.utterances(utterance) { try recordings[Name($0.path)]?.get() ?? $0.path }
      return heard.map { one in (one, Result { try open(one, voice) }) }
    } catch {
      return [(utterance, .failure(error))]
    }
  }

  private func open(_ utterance: ListedUtterance, _ voice: VoiceActivity?) throws -> Opened {
    var utterance = utterance
    if !utterance.pieces.isEmpty {
      let pieces = try utterance.pieces.map { try open($0, nil) }
      utterance.pieces = pieces.map(\.utterance)
      utterance.seconds = ListedUtterance.seconds(of: utterance.pieces)
      utterance.channel = nil
      return Opened(utterance: utterance, isMean: pieces.contains(where: \.isMean))
    }
    if let recording = recordings[Name(utterance.path)] { utterance.path = try recording.get() }
    let isWhole = utterance.recording == nil
    let found = try AudioInspection.inspect(
      path: utterance.path, start: utterance.start, seconds: isWhole ? nil : utterance.seconds,
      channel: utterance.channel, voice: isWhole ? voice : nil)
    // The only channel needs no file of its own.
    if found.channels == 1 { utterance.channel = nil }
    let seconds = KaldiDirectory.rounded(found.seconds)
    let isOfOtherLength = isWhole && abs((utterance.seconds ?? seconds) - seconds) > 0.1
    // A segment may end a little after its file, because the times in lists are rounded.
    utterance.seconds = isWhole ? seconds : min(seconds, utterance.seconds ?? .infinity)
    let isMean = found.channels > 1 && utterance.channel == nil
    var opened = Opened(utterance: utterance)
    if let samples = found.voice { opened = try trim(utterance, to: samples, sampleRate: found.sampleRate) }
    opened.isMean = isMean
    opened.isOfOtherLength = isOfOtherLength
    return opened
  }

  /// The voice of a whole recording.
  private func trim(_ utterance: ListedUtterance, to samples: [Range<Int>], sampleRate: Int) throws -> Opened {
    guard !samples.isEmpty else {
      throw Failure(.badData, "holds no voice: no frame's energy is above --trim-silence's threshold")
    }
    func seconds(_ sample: Int) -> Double { KaldiDirectory.rounded(Double(sample) / Double(sampleRate)) }
    let trimmed = TrimmedUtterance(
      utterance: utterance.id, seconds: utterance.seconds!,
      kept: samples.map { seconds($0.lowerBound)..<seconds($0.upperBound) })
    return Opened(utterance: trimmed.removed > 0 ? utterance.cut(to: trimmed.kept) : utterance, trimmed: trimmed)
  }

  /// The reason why an utterance is left out, in the words of svdist prepare.
  /// - Parameter path: the path that the source names, which may be a command.
  private func reason(_ error: any Error, path: String) -> String {
    let failure = Failure(error)
    // The file of a command's output is gone by the time that someone reads the reason.
    let opened = (try? recordings[Name(path)]?.get()) ?? path
    let reason = failure.reason(at: opened)
    switch failure.cause as? RecordingFault {
    case .endsBefore: return "the segment is not in its file: \(reason)"
    case .cancellingChannels: return "\(reason) (--channel 0)"
    case .noAudio:
      let suffix = FileSystem.suffix(of: path)
      return AudioSuffix.foreign.contains(suffix) ? AudioSuffix.refusal(suffix) : reason
    case nil: return reason
    }
  }
}
