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

  @Test func `losses and gradients equal PyTorch's in every form`() throws {
    let golden = try Golden("classification")
    let record = try Golden.record("classification", as: Record.self)
    #expect(record.cases.count >= 8)
    for one in record.cases {
      let form: AdditiveAngularMarginSoftmax.Form
      switch one.kind {
      case "softmax": form = .softmax
      case "additive": form = .additiveMargin
      default: form = .additiveAngularMargin
      }
      let softmax = AdditiveAngularMarginSoftmax(form: form, scale: one.scale, interTopK: one.interTopK)
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
