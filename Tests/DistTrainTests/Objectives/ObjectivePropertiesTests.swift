import DistTrain
import Testing

@Suite struct ObjectivePropertiesTests {
  private let speakers = [0, 0, 1, 1, 2, 2, 3, 3]
  private let embeddings = ObjectivePropertiesTests.random(8, 6, item: 1)
  private let prototypes = ObjectivePropertiesTests.random(5, 6, item: 2)

  static func random(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
    var stream = RandomStream(seed: 8, purpose: .test, item: item)
    return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.normal()) })
  }

  private func objectives(margin: Double = 0.2, mode: ClassAwareAttention.Mode = .weight) -> BatchObjectives {
    BatchObjectives(
      softmax: AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 16), subcenters: 1,
      contrastive: SupervisedContrastiveLoss(
        temperature: 0.1, margin: AngularMargin(form: .angle, value: margin), denominator: .margined,
        attention: ClassAwareAttention(mode: mode, scale: 4)))
  }

  private func evaluate(
    _ objectives: BatchObjectives, _ embeddings: Matrix, _ speakers: [Int]
  ) -> BatchObjectives.Outcome {
    objectives.evaluate(
      embeddings: embeddings, speakers: speakers, rows: [speakers.count], prototypes: prototypes, margin: 0.2,
      warmth: 1, communicator: SoleCommunicator())
  }

  @Test func `losses don't depend on the order of the rows`() {
    let order = [5, 2, 7, 0, 3, 6, 1, 4]
    let turned = Matrix(
      rows: 8, columns: 6, order.flatMap { row in (0..<6).map { embeddings[row, $0] } })
    let one = evaluate(objectives(), embeddings, speakers)
    let other = evaluate(objectives(), turned, order.map { speakers[$0] })
    #expect(abs(one.classificationLoss - other.classificationLoss) < 1e-6 * one.classificationLoss)
    #expect(abs(one.contrastiveLoss - other.contrastiveLoss) < 1e-6 * one.contrastiveLoss)
  }

  @Test func `gradients are orthogonal to the embeddings`() {
    let outcome = evaluate(objectives(), embeddings, speakers)
    for gradient in outcome.gradients {
      for row in 0..<8 {
        let along = (0..<6).reduce(0.0) { $0 + Double(gradient[row, $1]) * Double(embeddings[row, $1]) }
        let length = (0..<6).reduce(0.0) { $0 + Double(gradient[row, $1] * gradient[row, $1]) }.squareRoot()
        #expect(abs(along) < 1e-5 * length * 6)
        #expect(length > 0)
      }
    }
  }

  @Test func `a batch without positives has no contrastive loss and no gradient of it`() {
    let outcome = evaluate(objectives(), Self.random(4, 6, item: 3), [0, 1, 2, 3])
    #expect(outcome.anchors == 0)
    #expect(outcome.contrastiveLoss == 0)
    #expect(outcome.gradients[1].values.allSatisfy { $0 == 0 })
  }

  @Test func `the margin meets its extension and falls with the angle throughout`() {
    for value in [0.1, 0.2, 0.5] {
      let margin = AngularMargin(form: .angle, value: value)
      var before = margin.apply(1)
      for step in 1...2000 {
        let now = margin.apply(1 - Double(step) / 1000)
        #expect(now < before + 1e-12)
        // No jump where the two pieces meet.
        #expect(before - now < 0.05)
        before = now
      }
    }
  }
}
