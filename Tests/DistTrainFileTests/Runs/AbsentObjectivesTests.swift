import DistTrain
import TestTools
import Testing

@Suite struct AbsentObjectivesTests {
  private let objectives: [any Objective] = [
    AdditiveAngularMarginSoftmax(form: .softmax, scale: 1),
    SupervisedContrastiveLoss(
      temperature: 1, margin: AngularMargin(form: .none, value: 0), denominator: .plain,
      attention: ClassAwareAttention(mode: .off, scale: 1)),
    CentreLoss(),
  ]

  /// The lines about steps, given rows with a term and gradients' lengths of each objective.
  private func told(_ count: Int, _ steps: [[(terms: Double, norm: Double)]]) -> [String] {
    let observer = AbsentObjectives(Array(objectives.prefix(count)))
    var lines: [String] = []
    for (step, numbers) in steps.enumerated() {
      var metrics = StepMetrics(step: step + 1, epoch: 0, objectives: objectives.prefix(count).map(\.name))
      for (index, number) in numbers.enumerated() {
        metrics.objectives[index].terms = number.terms
        metrics.objectives[index].gradientNorm = number.norm
      }
      observer.took(StepReport(metrics: metrics)) { lines.append($0) }
    }
    return lines
  }

  @Test func `an objective that is left out is told once, with the reason, and when it is back`() {
    #expect(
      told(
        2,
        [
          [(8, 1), (8, 1)], [(8, 1), (0, 0)], [(8, 1), (0, 0)], [(8, 1), (8, 0)], [(8, 0), (8, 1)], [(8, 1), (8, 1)],
        ])
        == [
          "step 2: no row has a positive: the contrastive loss is left out",
          "step 4: the contrastive gradient is zero: it is left out",
          "step 5: the classification gradient is zero: it is left out", "step 6: both losses are in again",
        ])
    #expect(
      told(3, [[(8, 1), (8, 1), (0, 0)], [(8, 1), (8, 1), (8, 1)]]) == [
        "step 1: no row has a term: the centre loss is left out", "step 2: all losses are in again",
      ])
  }
}
