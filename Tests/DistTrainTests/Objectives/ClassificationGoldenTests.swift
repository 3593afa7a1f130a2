import DistTrain
import TestTools
import Testing

@Suite struct ClassificationGoldenTests {
  struct Record: Decodable {
    struct Case: Decodable {
      let name: String
      let kind: String
      let scale: Double
      let margin: Double
      let subcenters: Int
      let interTopK: Int
      let loss: Double
    }
    let speakers: [Int]
    let cases: [Case]
  }

  @Test func `prototypes in pieces have the losses and gradients of PyTorch in every form`() throws {
    let golden = try Golden("classification")
    let record = try Golden.record("classification", as: Record.self)
    for one in record.cases {
      let embeddings = try golden.matrix("embeddings")
      let prototypes = try golden.matrix(one.subcenters > 1 ? "prototypes.subcenters" : "prototypes")
      let softmax = AdditiveAngularMarginSoftmax(form: Self.form(one), scale: one.scale, interTopK: one.interTopK)
      let speakers = prototypes.rows / one.subcenters
      let objectives = BatchObjectives(
        [softmax], classifier: ShardedClassifier(speakers: speakers, subcenters: one.subcenters))
      let losses = objectives.evaluate(
        embeddings, speakers: record.speakers, prototypes: prototypes, margin: one.margin)
      #expect(abs(losses.values[0] - one.loss) < 1e-5 * one.loss, "\(one.name)")
      let byEmbedding = try golden.values("\(one.name)/gradient.embeddings")
      #expect(relativeDistance(losses.gradients[0].values, byEmbedding) < 1e-5, "\(one.name)")
      let byPrototype = try golden.values("\(one.name)/gradient.prototypes")
      #expect(relativeDistance(losses.prototypeGradient(of: prototypes).values, byPrototype) < 1e-5, "\(one.name)")
    }
  }

  private static func form(_ one: Record.Case) -> AdditiveAngularMarginSoftmax.Form {
    switch one.kind {
    case "softmax": .softmax
    case "additive": .additiveMargin
    default: .additiveAngularMargin
    }
  }

  @Test func `losses and gradients equal PyTorch's in every form`() throws {
    let golden = try Golden("classification")
    let record = try Golden.record("classification", as: Record.self)
    #expect(record.cases.count >= 8)
    for one in record.cases {
      let softmax = AdditiveAngularMarginSoftmax(form: Self.form(one), scale: one.scale, interTopK: one.interTopK)
      let embeddings = LengthNormalization(try golden.matrix("embeddings"))
      let prototypes = LengthNormalization(
        try golden.matrix(one.subcenters > 1 ? "prototypes.subcenters" : "prototypes"))
      let cosines = SpeakerCosines(
        embeddings: embeddings.unit.view, prototypes: prototypes.unit, subcenters: one.subcenters)
      let (losses, gradient) = softmax.evaluate(
        cosines, speakers: record.speakers, margin: one.margin, batch: record.speakers.count)
      #expect(abs(losses.reduce(0, +) - one.loss) < 1e-5 * one.loss, "\(one.name)")
      let all = cosines.spread(gradient)
      let byEmbedding = Matrix(rows: embeddings.unit.rows, columns: embeddings.unit.columns)
      multiply(all.view, prototypes.unit.view, into: byEmbedding.view)
      let byPrototype = Matrix(rows: prototypes.unit.rows, columns: prototypes.unit.columns)
      multiply(transposed: all.view, embeddings.unit.view, into: byPrototype.view)
      #expect(
        relativeDistance(
          embeddings.backward(byEmbedding).values, try golden.values("\(one.name)/gradient.embeddings")) < 1e-5,
        "\(one.name)")
      #expect(
        relativeDistance(
          prototypes.backward(byPrototype).values, try golden.values("\(one.name)/gradient.prototypes")) < 1e-5,
        "\(one.name)")
    }
  }
}
