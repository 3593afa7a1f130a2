/// Says when the steps begin to leave out an objective, and when all are back.
package final class AbsentObjectives: StepObserver {
  private let objectives: [any Objective]
  /// The reason why an objective is left out at present; nil if none is.
  private var absence: String?

  package init(_ objectives: [any Objective]) {
    self.objectives = objectives
  }

  package func took(_ step: StepReport, note: (String) -> Void) {
    let metrics = step.metrics
    // If several are left out, the last one is named.
    let now = zip(objectives, metrics.objectives).reversed().lazy.compactMap { objective, measured in
      if measured.terms == 0 { return "\(objective.absence): the \(objective.name) loss is left out" }
      return measured.gradientNorm == 0 ? "the \(objective.name) gradient is zero: it is left out" : nil
    }.first
    let back = objectives.count == 2 ? "both losses are in again" : "all losses are in again"
    if now != absence { note("step \(metrics.step): \(now ?? back)") }
    absence = now
  }
}
