/// What a step was made of and what it measured.
public struct StepReport: Sendable {
  public var metrics: StepMetrics
  /// What this rank's rows held.
  package var rows: [LoadedRow] = []
  /// Utterances newly found unreadable on any rank.
  package var unreadable: [BatchLoader.Unreadable] = []

  package init(metrics: StepMetrics, rows: [LoadedRow] = [], unreadable: [BatchLoader.Unreadable] = []) {
    self.metrics = metrics
    self.rows = rows
    self.unreadable = unreadable
  }
}
