/// Says when an objective begins to be left out of the steps, and when all are back.
package final class AbsentObjectives: StepObserver {
  private let objectives: [any Objective]
  /// Why one is left out at present.
  private var absence: String?

  package init(_ objectives: [any Objective]) {
    self.objectives = objectives
  }

  package func took(_ step: StepReport, note: (String) -> Void) {
    let metrics = step.metrics
    // Of several the last one is told.
    let now = zip(objectives, metrics.objectives).reversed().lazy.compactMap { objective, measured in
      if measured.terms == 0 { return "\(objective.absence): the \(objective.name) loss is left out" }
      return measured.gradientNorm == 0 ? "the \(objective.name) gradient is zero: it is left out" : nil
    }.first
    let back = objectives.count == 2 ? "both losses are in again" : "all losses are in again"
    if now != absence { note("step \(metrics.step): \(now ?? back)") }
    absence = now
  }
}
