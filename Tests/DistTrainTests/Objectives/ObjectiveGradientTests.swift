import DistTrain
import Testing

/// Gradients of both losses by embeddings and prototypes, before length normalisation, against central differences.
@Suite struct ObjectiveGradientTests {
  private static let speakers = [0, 0, 1, 1, 1, 2, 3]
  /// A row of 7 and a prototype each are far from a kink of the margin, and no two attentions are equal.
  private let embeddings = LayerProbe.normal(7, 5, item: 40)
  private let prototypes = LayerProbe.normal(2 * 4, 5, item: 41)

  static let softmaxes: [AdditiveAngularMarginSoftmax] =
    AdditiveAngularMarginSoftmax.Form.allCases.map { AdditiveAngularMarginSoftmax(form: $0, scale: 6) }
    + [AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 6, interTopK: 2)]

  @Test(arguments: softmaxes, [1, 2])
  func `classification`(softmax: AdditiveAngularMarginSoftmax, subcenters: Int) {
    let objectives = BatchObjectives(
      softmax, contrastive(.none, .plain, .off, stopGradient: true), speakers: 4, subcenters: subcenters)
    check(objectives, prototypes: 4 * subcenters, objective: 0)
  }

  @Test(arguments: softmaxes, [1, 2])
  func `classification by prototypes in pieces`(softmax: AdditiveAngularMarginSoftmax, subcenters: Int) {
    let objectives = BatchObjectives(
      softmax, contrastive(.none, .plain, .off, stopGradient: true), speakers: 4, subcenters: subcenters, sharded: true)
    check(objectives, prototypes: 4 * subcenters, objective: 0)
  }

  @Test(arguments: ClassAwareAttention.Mode.allCases, [3, 6.0])
  func `contrastive with certainties from pieces`(mode: ClassAwareAttention.Mode, scale: Double) {
    let objectives = BatchObjectives(
      AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 6),
      contrastive(.angle, .margined, mode, scale: scale, stopGradient: false), speakers: 4, sharded: true)
    check(objectives, prototypes: 4, objective: 1)
  }

  @Test(arguments: AngularMargin.Form.allCases, SupervisedContrastiveLoss.Denominator.allCases)
  func `contrastive`(form: AngularMargin.Form, denominator: SupervisedContrastiveLoss.Denominator) {
    for mode in ClassAwareAttention.Mode.allCases {
      let objectives = BatchObjectives(
        AdditiveAngularMarginSoftmax(form: .softmax, scale: 6),
        contrastive(form, denominator, mode, stopGradient: false), speakers: 4)
      check(objectives, prototypes: 4, objective: 1)
    }
  }

  private func contrastive(
    _ form: AngularMargin.Form, _ denominator: SupervisedContrastiveLoss.Denominator,
    _ mode: ClassAwareAttention.Mode, scale: Double = 3, stopGradient: Bool
  ) -> SupervisedContrastiveLoss {
    SupervisedContrastiveLoss(
      temperature: 0.3, margin: AngularMargin(form: form, value: 0.2), denominator: denominator,
      attention: ClassAwareAttention(mode: mode, scale: scale, stopGradient: stopGradient))
  }

  private func check(_ objectives: BatchObjectives, prototypes count: Int, objective: Int) {
    let used = Matrix(rows: count, columns: 5, Array(prototypes.values.prefix(5 * count)))
    func losses() -> BatchObjectives.Losses {
      objectives.evaluate(embeddings, speakers: Self.speakers, prototypes: used, warmth: 0.8)
    }
    let analytic = losses()
    expectGradient(
      analytic.gradients[objective].values, of: "embeddings", by: embeddings, step: 0.002, within: 1e-3
    ) { losses().values[objective] }
    #expect(analytic.classifier?.objective == 0)
    guard objective == 0 else { return }
    expectGradient(
      analytic.prototypeGradient(of: used).values, of: "prototypes", by: used, step: 0.01, within: 1e-3
    ) { losses().values[objective] }
  }
}
