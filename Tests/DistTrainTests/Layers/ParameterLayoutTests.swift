import DistTrain
import TestTools
import Testing

@Suite struct ParameterLayoutTests {
  private let encoder = NoiseCorpus.encoder

  private func values(seed: UInt64) -> [Float] {
    let values = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    encoder.layout.parameters.initialise(values.pointer, seed: seed)
    return values.values
  }

  @Test func `parameters of one shape start with different values, another seed with others`() {
    let (one, other) = (values(seed: 1), values(seed: 2))
    var seen = Set<[Float]>()
    for parameter in encoder.layout.parameters.parameters {
      guard case .uniform = parameter.initialisation else { continue }
      #expect(seen.insert(Array(one[parameter.range])).inserted, "\(parameter.name)")
      #expect(Array(one[parameter.range]) != Array(other[parameter.range]), "\(parameter.name)")
    }
    #expect(seen.count > 60)
  }

  /// PyTorch's default for linear and convolutional layers.
  @Test func `weights and biases start within one over the root of the weight's inputs`() {
    let values = values(seed: 1)
    var bound = Float.nan
    for parameter in encoder.layout.parameters.parameters {
      guard case .uniform = parameter.initialisation else { continue }
      // A bias follows its weight.
      if parameter.shape.count > 1 { bound = 1 / Float(parameter.shape.dropFirst().reduce(1, *)).squareRoot() }
      let largest = values[parameter.range].map(abs).max() ?? 0
      #expect(largest <= bound, "\(parameter.name)")
      if parameter.count > 50 { #expect(largest > 0.8 * bound, "\(parameter.name)") }
    }
  }

  @Test func `weights decay, biases and normalisations don't`() {
    for parameter in encoder.layout.parameters.parameters {
      let isNormalization = parameter.name.contains("bn")
      #expect(parameter.decays == (parameter.name.hasSuffix(".weight") && !isNormalization), "\(parameter.name)")
    }
  }
}
