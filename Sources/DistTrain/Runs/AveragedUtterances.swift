/// Says of the first utterance that is heard as the mean of its recording's channels that it is, and counts all of
/// them.
final class AveragedUtterances {
  private let batches: BatchStream
  private var isTold = false

  init(of batches: BatchStream) {
    self.batches = batches
  }

  /// A line that counts the utterances that were heard as such means since this start; nil where there are none.
  static func summary(_ batches: BatchStream) -> String? {
    let count = batches.averaged.count
    guard count > 0 else { return nil }
    return "note: \(count.counted("utterance")) that this start heard "
      + "\(count == 1 ? "is the mean of its recording's" : "are the mean of their recordings'") channels: svdist prepare "
      + "--channel takes one or each"
  }

  private func tell(_ step: StepReport, note: (String) -> Void) {
    guard !isTold, let first = step.averaged.first else { return }
    isTold = true
    let utterance = batches.source.corpus.utterances[first.utterance]
    note(
      "note: utterance \(utterance.id) (\(utterance.path)) is the mean of its recording's \(first.channels) channels, and so "
        + "are others that have several, which are counted at the end: svdist prepare --channel takes one or each")
  }
}

extension AveragedUtterances: StepObserver {
  func took(_ step: StepReport, note: (String) -> Void) { tell(step, note: note) }
  func broke(_ step: NonFiniteStep, note: (String) -> Void) { tell(step.report, note: note) }
}
