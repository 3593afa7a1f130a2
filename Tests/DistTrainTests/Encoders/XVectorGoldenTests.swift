import DistTrain
import Testing

/// The x-vector's network against PyTorch's.
@Suite struct XVectorGoldenTests {
  @Test func `training embeddings, running statistics and inference equal PyTorch's`() throws {
    let golden = try GoldenXVector()
    let (embeddings, _) = golden.forward(.training)
    #expect(relativeDistance(embeddings.values, try golden.file.values("training/embeddings")) < 1e-5)
    for statistic in golden.encoder.layout.statistics.parameters {
      let values = statistic.range.map { golden.statistics.pointer[$0] }
      #expect(relativeDistance(values, try golden.file.values("after/\(statistic.name)")) < 1e-5, "\(statistic.name)")
    }
    let (inferred, _) = golden.forward(.inference)
    #expect(relativeDistance(inferred.values, try golden.file.values("inference/embeddings")) < 1e-5)
    let long = try golden.file.features("inference/long.features")
    let pass = ForwardPass(mode: .inference, parameters: golden.parameters, statistics: golden.statistics)
    let (embedding, _) = golden.encoder.encode(long, utterances: 1, pass)
    #expect(relativeDistance(embedding.values, try golden.file.values("inference/long.embeddings")) < 1e-5)
  }

  @Test func `both objectives' gradients of every parameter equal PyTorch's`() throws {
    let golden = try GoldenXVector()
    let (_, pullback) = golden.forward(.training)
    let directions = try (1...2).map { try golden.file.matrix("output_gradient.\($0)") }
    let buffers = directions.map { _ in Matrix.zeros(rows: 1, columns: golden.parameters.columns) }
    pullback(directions, BackwardPass(parameters: golden.parameters, gradients: buffers))
    for (objective, buffer) in buffers.enumerated() {
      for parameter in golden.encoder.layout.parameters.parameters {
        let values = parameter.range.map { buffer.pointer[$0] }
        let expected = try golden.file.values("gradient.\(objective + 1)/\(parameter.name)")
        #expect(relativeDistance(values, expected) < 1e-4, "\(parameter.name) of objective \(objective)")
      }
    }
  }

  /// The encoder of the fixture with its parameters.
  private struct GoldenXVector {
    let file: Golden
    let encoder: XVector
    let parameters: Matrix
    let statistics: Matrix
    private let features: Matrix
    private let utterances: Int

    init() throws {
      let file = try Golden("xvector")
      func size(_ name: String) throws -> Int { try #require(file.metadata[name].flatMap { Int($0) }, "\(name)") }
      var sizes = XVector.Sizes()
      sizes.bins = try size("bins")
      sizes.channels = try size("channels")
      sizes.statistics = try size("statistics")
      sizes.embedding = try size("embedding")
      self.file = file
      encoder = XVector(sizes)
      utterances = try size("utterances")
      parameters = try file.flat(encoder.layout.parameters, scope: "parameter")
      statistics = try file.flat(encoder.layout.statistics, scope: "before")
      features = try file.features("features")
    }

    func forward(_ mode: ForwardPass.Mode) -> (Matrix, Pullback) {
      encoder.encode(
        features, utterances: utterances, ForwardPass(mode: mode, parameters: parameters, statistics: statistics))
    }
  }
}
