import DistTrain
import TestTools
import Testing

/// An encoder that the library does not know goes wherever a known one does.
@Suite struct OwnEncoderTests {
  private static let settings: [[String]] = [
    [], ["weighting.space=representation", "encoder={width: 10, wide: true}", "optimizer.type=adamw"],
  ]

  private func configuration(_ noise: NoiseCorpus, _ settings: [String]) throws -> Configuration {
    try noise.configuration(
      ["encoder.type=plain", "encoder.embedding=8"] + settings,
      encoders: EncoderArchitecture.known + [PlainEncoder.architecture])
  }

  @Test(arguments: settings)
  func `it trains, on two ranks as on one, and its embeddings are extracted`(settings: [String]) throws {
    let noise = try NoiseCorpus()
    try expectTraining(configuration(noise, settings), on: noise)
  }

  @Test(arguments: settings) func `its gradients are checked like any other's`(settings: [String]) throws {
    let noise = try NoiseCorpus()
    let configuration = try configuration(noise, settings)
    let check = try GradientCheck(
      encoder: configuration.network, plan: try TrainingPlan(configuration, corpus: noise.corpus),
      communicator: SoleCommunicator())
    let comparisons = check.compare(check.gradients, tensors: check.tensors)
    #expect(comparisons.count > 60)
    #expect(comparisons.allSatisfy { $0.agrees }, "\(comparisons.filter { !$0.agrees })")
  }
}
