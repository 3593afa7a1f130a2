import DistTrain
import Foundation
import TestTools
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
      AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 16),
      SupervisedContrastiveLoss(
        temperature: 0.1, margin: AngularMargin(form: .angle, value: margin), denominator: .margined,
        attention: ClassAwareAttention(mode: mode, scale: 4)), speakers: 5)
  }

  private func evaluate(_ embeddings: Matrix, _ speakers: [Int]) -> BatchObjectives.Losses {
    objectives().evaluate(embeddings, speakers: speakers, prototypes: prototypes)
  }

  @Test func `losses don't depend on the order of the rows`() {
    let order = [5, 2, 7, 0, 3, 6, 1, 4]
    let turned = Matrix(
      rows: 8, columns: 6, order.flatMap { row in (0..<6).map { embeddings[row, $0] } })
    let one = evaluate(embeddings, speakers)
    let other = evaluate(turned, order.map { speakers[$0] })
    for (one, other) in zip(one.values, other.values) { #expect(abs(one - other) < 1e-6 * one) }
  }

  @Test func `gradients are orthogonal to the embeddings`() {
    let outcome = evaluate(embeddings, speakers)
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
    let outcome = evaluate(Self.random(4, 6, item: 3), [0, 1, 2, 3])
    #expect(outcome.terms == [4, 0])
    #expect(outcome.values[1] == 0)
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

  @Test func `losses and gradients don't depend on the speakers' numbers`() {
    let numbers = [3, 0, 4, 1, 2]
    let renumbered = Matrix(rows: 5, columns: 6)
    for (speaker, number) in numbers.enumerated() {
      renumbered.row(number).update(from: prototypes.row(speaker), count: 6)
    }
    let one = evaluate(embeddings, speakers)
    let other = objectives().evaluate(embeddings, speakers: speakers.map { numbers[$0] }, prototypes: renumbered)
    for (one, other) in zip(one.values, other.values) { #expect(abs(one - other) < 1e-6 * one) }
    for (first, second) in zip(one.gradients, other.gradients) {
      #expect(relativeDistance(first.values, second.values) < 1e-5)
    }
  }

  @Test func `additive angular margin softmax without a margin is the softmax of scaled cosines`() {
    let unit = LengthNormalization(embeddings).unit
    let cosines = SpeakerCosines(embeddings: unit.view, prototypes: LengthNormalization(prototypes).unit, subcenters: 1)
    let margined = AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 16)
    let (losses, gradient) = margined.evaluate(cosines, speakers: speakers, margin: 0, batch: 8)
    var expected = 0.0
    for (row, speaker) in speakers.enumerated() {
      let exponentials = (0..<5).map { exp(16 * Double(cosines.values[row, $0])) }
      expected -= log(exponentials[speaker] / exponentials.reduce(0, +)) / 8
    }
    #expect(abs(losses.reduce(0, +) - expected) < 1e-9 * expected)
    let plain = AdditiveAngularMarginSoftmax(form: .softmax, scale: 16)
    let (_, plainGradient) = plain.evaluate(cosines, speakers: speakers, margin: 0.2, batch: 8)
    #expect(relativeDistance(gradient.values, plainGradient.values) < 1e-6)
  }

  /// Khosla et al. 2020, equation 2.
  @Test(arguments: [AngularMargin.Form.none, .angle, .cosine], SupervisedContrastiveLoss.Denominator.allCases)
  func `without margin and attention it is the supervised contrastive loss`(
    form: AngularMargin.Form, denominator: SupervisedContrastiveLoss.Denominator
  ) {
    let unit = LengthNormalization(embeddings).unit
    let loss = SupervisedContrastiveLoss(
      temperature: 0.1, margin: AngularMargin(form: form, value: 0), denominator: denominator,
      attention: ClassAwareAttention(mode: .off, scale: 1))
    let result = loss.evaluate(
      .init(embeddings: unit, own: 0..<8, speakers: speakers, attention: [Double](repeating: 0.5, count: 8)))
    var expected = 0.0
    for anchor in 0..<8 {
      let terms = (0..<8).map { other in
        exp((0..<6).reduce(0.0) { $0 + Double(unit[anchor, $1]) * Double(unit[other, $1]) } / 0.1)
      }
      let all = (0..<8).filter { $0 != anchor }
      let positives = all.filter { speakers[$0] == speakers[anchor] }
      let denominator = all.reduce(0.0) { $0 + terms[$1] }
      expected -= positives.reduce(0.0) { $0 + log(terms[$1] / denominator) } / Double(positives.count) / 8
    }
    #expect(abs(result.losses.reduce(0, +) - expected) < 1e-6 * expected)
  }

  @Test func `weights of equal attention change nothing`() {
    let unit = LengthNormalization(embeddings).unit
    let results = [ClassAwareAttention.Mode.weight, .off].map { mode in
      SupervisedContrastiveLoss(
        temperature: 0.1, margin: AngularMargin(form: .angle, value: 0.2), denominator: .margined,
        attention: ClassAwareAttention(mode: mode, scale: 4)
      ).evaluate(
        .init(embeddings: unit, own: 0..<8, speakers: speakers, attention: [Double](repeating: 0.3, count: 8)))
    }
    let losses = results.map { $0.losses.reduce(0, +) }
    #expect(abs(losses[0] - losses[1]) < 1e-9 * losses[1])
    #expect(relativeDistance(results[0].gradient.values, results[1].gradient.values) < 1e-6)
  }

  /// Rows 0 and 1 are one speaker, the others are of a speaker each: no anchors, so that what reaches them is their
  /// share as negatives.
  @Test func `a negative's share falls as its attention falls below its anchor's, and only then`() {
    let unit = LengthNormalization(embeddings).unit
    func share(_ attention: Double) -> Double {
      let loss = SupervisedContrastiveLoss(
        temperature: 0.1, margin: AngularMargin(form: .angle, value: 0.2), denominator: .margined,
        attention: ClassAwareAttention(mode: .weight, scale: 4))
      let gradient = loss.evaluate(
        .init(
          embeddings: unit, own: 0..<8, speakers: [0, 0, 1, 2, 3, 4, 5, 6],
          attention: [0.6, 0.6, attention, 0.4, 0.5, 0.6, 0.7, 0.8])
      ).gradient
      return (0..<6).reduce(0.0) { $0 + pow(Double(gradient[2, $1]), 2) }.squareRoot()
    }
    let shares = [0.6, 0.45, 0.3, 0.15, 0.05].map(share)
    for (before, after) in zip(shares, shares.dropFirst()) { #expect(after < 0.95 * before) }
    #expect(share(0.9) == shares[0])
  }
}
