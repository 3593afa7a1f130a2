import DistTrain
import Foundation

extension PrepareCommand {
  /// Prints what was found, left out, removed and written.
  func summarise(
    _ source: CorpusSource, _ preparation: CorpusPreparation, _ prepared: PreparedCorpus, _ clipping: Clipping
  ) {
    // Lines of trials and the like are no utterances.
    let found = source.count + source.copyCount + source.leftOut.count - (source.companions?.leftOut.count ?? 0)
    print("\(self.source) (layout: \(source.layout.rawValue)): \(found.counted("utterance")) found")
    if !preparation.leftOut.isEmpty {
      print("\(preparation.leftOut.count) left out, listed in \(output)/\(PreparedCorpus.leftOutName):")
      for (kind, count) in preparation.leftOutByKind { print("  \(count): \(kind.shown)") }
    }
    if !source.passedOver.isEmpty {
      let kinds = source.passedOver.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      print("passed over: \(kinds.map { "\($0.value) \($0.key)".shown }.joined(separator: ", "))")
    }
    if let trimming = preparation.trimming { summarise(trimming, preparation.evaluation?.published) }
    for part in prepared.parts { summarise(part) }
    if let count = preparation.evaluation?.trialsLeftOut, count > 0 {
      print("  \(count.counted("trial")) left out because \(count.ifOne("its", "their")) utterances are")
    }
    if !messages.quiet { printNotes(source, preparation, prepared, clipping) }
  }

  private func printNotes(
    _ source: CorpusSource, _ preparation: CorpusPreparation, _ prepared: PreparedCorpus, _ clipping: Clipping
  ) {
    if preparation.averaged > 0 {
      print(
        "note: \(preparation.averaged.counted("utterance")) "
          + preparation.averaged.ifOne("is the mean of its recording's", "are the mean of their recordings'")
          + " channels; --channel 0 takes the first channel, --channel each makes an utterance and a speaker of each")
    }
    if preparation.ofOtherLength > 0 {
      print(
        "note: \(preparation.ofOtherLength.counted("recording")) \(preparation.ofOtherLength.ifOne("is", "are")) not "
          + "as long as the source's utt2dur says, by more than 0.1 s; the output has lengths as measured: were "
          + "recordings replaced or cut?")
    }
    if let repeated = preparation.repeated { print("note: \(repeated.shown)") }
    if let remark = clipping.remark { print("note: \(remark)") }
    for note in source.notes { print("note: \(note.shown)") }
    for note in prepared.notes(layout: source.layout) { print("note: \(note.shown)") }
  }

  private func summarise(_ part: PreparedCorpus.Part) {
    let corpus = part.corpus
    let hours = corpus.utterances.reduce(0) { $0 + $1.seconds } / 3600
    print(
      "\(part.name.isEmpty ? output : "\(output)/\(part.name)"): \(corpus.speakers.count.counted("speaker")), "
        + "\(corpus.utterances.count.counted("utterance")), \(String(format: "%.2f", hours)) h")
    let joined = part.utterances.filter { !$0.pieces.isEmpty }
    if !joined.isEmpty {
      let pieces = joined.reduce(0) { $0 + $1.pieces.count }
      let what = joinShorterThan == nil ? "pieces" : "short utterances"
      print("  \(pieces) \(what) joined into \(joined.count), listed in \(PreparedAudio.joinedName)")
    }
    let channels = part.utterances.count { $0.pieces.isEmpty && $0.channel != nil }
    if channels > 0 {
      print("  \(channels) of one channel, written as 16-bit FLAC to \(output)/\(PreparedAudio.folderName)")
    }
    if let targets = part.targets {
      let count = targets.count { $0 }
      print("  trials: \(targets.count), \(count) target and \(targets.count - count) nontarget")
    }
    if shards {
      let count = (corpus.utterances.count + shardSize - 1) / shardSize
      print("  \(count.counted("shard")) of up to \(shardSize.counted("utterance"))")
    }
  }

  private func summarise(_ trimming: SilenceTrimming, _ published: PublishedEvaluation?) {
    func seconds(_ value: Double) -> String { String(format: "%.1f s", value) }
    let (count, removed) = (trimming.trimmed.count, trimming.removedSeconds)
    let part = trimming.seconds > 0 ? 100 * removed / trimming.seconds : 0
    print(
      "silence removed from \(count) of \(trimming.count) utterances: \(seconds(removed)) of "
        + "\(seconds(trimming.seconds)) (\(String(format: "%.1f", part)) %)"
        + (count > 0 ? ", listed in \(output)/\(SilenceTrimming.reportName)" : ""))
    if trimming.given > 0 {
      print("  \(trimming.given.counted("utterance")) not examined: the source gives their times")
    }
    if let published {
      print("  \(published.utterances.count.counted("utterance")) of the corpus's own evaluation not examined")
    }
  }
}
