/// The contents of a step and its measurements.
public struct StepReport: Sendable {
  /// The measurements of the step.
  public var metrics: StepMetrics
  /// The contents of this rank's rows.
  package var rows: [LoadedRow] = []
  /// The utterances newly found unreadable on any rank.
  package var unreadable: [BatchLoader.Unreadable] = []
  /// The recordings to augment with newly found unreadable on any rank.
  package var unreadableRecordings: [UnreadableRecording] = []
  /// The utterances that any rank heard for the first time as the mean of several channels.
  package var averaged: [AveragedUtterance] = []
  /// What this rank did during the step; none unless the trainer records it.
  package var sections: [SectionTime] = []

  package init(
    metrics: StepMetrics, rows: [LoadedRow] = [], unreadable: [BatchLoader.Unreadable] = [],
    unreadableRecordings: [UnreadableRecording] = [], averaged: [AveragedUtterance] = []
  ) {
    self.metrics = metrics
    self.rows = rows
    self.unreadable = unreadable
    self.unreadableRecordings = unreadableRecordings
    self.averaged = averaged
  }
}
