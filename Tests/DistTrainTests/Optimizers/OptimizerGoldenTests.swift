import DistTrain
import TestTools
import Testing

@Suite struct OptimizerGoldenTests {
  struct Record: Decodable {
    struct Case: Decodable {
      let name: String
      let kind: String
      let momentum: Double?
      let nesterov: Bool?
      let weightDecay: Double
      let beta1: Double?
      let beta2: Double?
      let epsilon: Double?
      let parameters: [[Double]]
    }
    let start: [Float]
    let decayed: Int
    let rates: [Double]
    let gradients: [[Float]]
    let cases: [Case]
  }

  @Test func `five updates equal PyTorch's`() throws {
    let record = try Golden.record("optimizers", as: Record.self)
    #expect(record.cases.count >= 4)
    for one in record.cases {
      var layout = ParameterLayout()
      _ = layout.add("weight", shape: [record.decayed], initialisation: .constant(0), decays: true)
      _ = layout.add("bias", shape: [record.start.count - record.decayed], initialisation: .constant(0), decays: false)
      let optimizer: any Optimizer
      if one.kind == "sgd" {
        optimizer = SGD(
          layout, momentum: one.momentum ?? 0, nesterov: one.nesterov ?? false, weightDecay: one.weightDecay)
      } else {
        optimizer = Adam(
          layout, beta1: one.beta1 ?? 0.9, beta2: one.beta2 ?? 0.999, epsilon: one.epsilon ?? 1e-8,
          weightDecay: one.weightDecay, decoupled: one.kind == "adamw")
      }
      let values = Matrix(rows: 1, columns: record.start.count, record.start)
      for (step, expected) in one.parameters.enumerated() {
        let gradient = Matrix(rows: 1, columns: record.start.count, record.gradients[step])
        optimizer.update(values, gradient: gradient, learningRate: record.rates[step])
        #expect(relativeDistance(values.values, expected.map { Float($0) }) < 1e-5, "\(one.name), step \(step)")
      }
    }
  }
}
