import DistTrain
import TestTools
import Testing

@Suite struct ContrastiveGoldenTests {
  struct Record: Decodable {
    struct Case: Decodable {
      let name: String
      let form: AngularMargin.Form
      let denominator: SupervisedContrastiveLoss.Denominator
      let mode: ClassAwareAttention.Mode
      let normalize: Bool
      let stopGradient: Bool
      let warmup: Double
      let scale: Double
      let subcenters: Int
      let temperature: Double
      let margin: Double
      let attention: String
      let loss: Double
      let anchors: Int
    }
    let speakers: [Int]
    let cases: [Case]
  }

  @Test func `losses, attention and gradients equal PyTorch's in every form`() throws {
    let golden = try Golden("contrastive")
    let record = try Golden.record("contrastive", as: Record.self)
    #expect(record.cases.count > 60)
    for one in record.cases {
      // One rank, then the same rows cut in three unequal shares.
      for shares in [[0..<12], [0..<5, 5..<6, 6..<12]] {
        let outcome = try evaluate(one, golden, record.speakers, shares: shares)
        #expect(abs(outcome.loss - one.loss) < 1e-5 * abs(one.loss), "\(one.name) in \(shares.count)")
        let expected = try golden.values("\(one.name)/gradient.embeddings")
        #expect(relativeDistance(outcome.gradient, expected) < 2e-5, "\(one.name) in \(shares.count)")
        #expect(outcome.anchors == one.anchors, "\(one.name)")
        let attention = try golden.values("attention/\(one.attention)")
        #expect(relativeDistance(outcome.attention.map { Float($0) }, attention) < 1e-5, "\(one.name)")
      }
    }
  }

  @Test(arguments: [0, 24, 60, 143])
  func `a batch whose cosines are never in memory at once has the same bits`(most: Int) throws {
    let golden = try Golden("contrastive")
    let record = try Golden.record("contrastive", as: Record.self)
    for one in record.cases where !one.stopGradient || one.warmup < 1 {
      let whole = try evaluate(one, golden, record.speakers, shares: [0..<5, 5..<12], unit: 2)
      let blocks = try evaluate(one, golden, record.speakers, shares: [0..<5, 5..<12], unit: 2, most: most)
      #expect(blocks.loss == whole.loss && blocks.gradient == whole.gradient, "\(one.name)")
      #expect(blocks.attention == whole.attention && blocks.anchors == whole.anchors, "\(one.name)")
    }
  }

  private func evaluate(
    _ one: Record.Case, _ golden: Golden, _ speakers: [Int], shares: [Range<Int>], unit: Int? = nil,
    most: Int = AnchorBlocks.most
  ) throws -> (loss: Double, gradient: [Float], anchors: Int, attention: [Double]) {
    let embeddings = LengthNormalization(try golden.matrix("embeddings"))
    let prototypes = LengthNormalization(
      try golden.matrix(one.subcenters > 1 ? "prototypes.subcenters" : "prototypes"))
    let cosines = SpeakerCosines(
      embeddings: embeddings.unit.view, prototypes: prototypes.unit, subcenters: one.subcenters)
    let attention = ClassAwareAttention(
      mode: one.mode, scale: one.scale, normalize: one.normalize, stopGradient: one.stopGradient)
    let loss = SupervisedContrastiveLoss(
      temperature: one.temperature, margin: AngularMargin(form: one.form, value: one.margin),
      denominator: one.denominator, attention: attention)
    let values = attention.values(cosines, speakers: speakers)
    let batches = shares.map { own in
      SupervisedContrastiveLoss.Batch(
        embeddings: embeddings.unit, own: own, speakers: speakers, attention: values,
        units: unit.map { BatchCut(rows: own.count, unit: $0, ranks: 1).units(of: 0) } ?? .whole)
    }
    let results = try ThreadCommunicator.run(ranks: shares.count) { communicator in
      loss.evaluate(
        batches[communicator.rank], warmth: one.warmup,
        gather: { communicator.gather($0, counts: shares.map { 2 * $0.count }) },
        total: { values, width in
          communicator.sum(
            batches[communicator.rank].units.total(values, width: width), width: width, of: .ranks(shares.count))
        }, most: most)
    }
    let unit = Matrix(rows: embeddings.unit.rows, columns: embeddings.unit.columns, results.flatMap(\.gradient.values))
    if results.allSatisfy({ $0.attentionGradient != nil }) {
      let byCosine = attention.backward(
        results.flatMap { $0.attentionGradient ?? [] }, cosines: cosines, speakers: speakers)
      multiply(cosines.spread(byCosine).view, prototypes.unit.view, into: unit.view, adding: true)
    }
    return (
      results.flatMap(\.losses).reduce(0, +), embeddings.backward(unit).values, results[0].anchors, values
    )
  }
}
