import Foundation

/// What came of `evaluation.sets`.
extension RunComparison {
  /// The rows of each set: the EER of the last evaluation, and the lowest one.
  var rowsOfSets: [Row] {
    func shown(_ evaluation: RecordedRun.Evaluation?) -> String? {
      evaluation.map { String(format: "%.3f", $0.eer) + " at step \($0.step)" }
    }
    return RecordedRun.namesOfSets(runs).flatMap { name -> [Row] in
      let own = runs.map { $0.set(name) }
      return [
        ("\(name): EER %", own.map { shown($0?.last) }), ("\(name): best EER %", own.map { shown($0?.best) }),
      ]
    }
  }

  /// The sets of a run by their names, as JSON.
  static func sets(_ run: RecordedRun) -> String {
    let all = run.sets.map { set in
      "\(JSONText.quoted(set.name)):{\"evaluation\":\(evaluation(set.last)),\"best\":\(best(set.best))}"
    }
    return "{\(all.joined(separator: ","))}"
  }

  /// An evaluation in the form of that of `corpus.evaluation`, without intervals.
  private static func evaluation(_ one: RecordedRun.Evaluation?) -> String {
    guard let one else { return "null" }
    func figure(_ value: Double) -> String { self.figure(RunFigures.Figure(value: value, interval: nil)) }
    let costs = one.minDCF.sorted { (Double($0.key) ?? 0, $0.key) < (Double($1.key) ?? 0, $1.key) }
      .map { "\(JSONText.quoted($0.key)):\(figure($0.value))" }
    return "{\"step\":\(one.step),\"eer\":\(figure(one.eer)),\"minDCF\":{\(costs.joined(separator: ","))}}"
  }
}
