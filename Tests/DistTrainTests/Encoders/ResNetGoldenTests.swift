import DistTrain
import Testing

/// ResNets of both kinds of blocks against PyTorch's.
@Suite struct ResNetGoldenTests {
  /// With how far embeddings and gradients may be from PyTorch's in double precision. PyTorch's own in single precision
  /// are a tenth of it away: through fifty normalisations rounding grows more than through twenty.
  private static let fixtures = [
    (name: "resnet-basic", embeddings: 1e-5, gradients: 1e-4),
    (name: "resnet-bottleneck", embeddings: 1e-4, gradients: 1e-3),
  ]

  @Test(arguments: fixtures) func `training embeddings, running statistics and inference equal PyTorch's`(
    fixture: (name: String, embeddings: Double, gradients: Double)
  ) throws {
    let golden = try GoldenResNet(fixture.name)
    let (embeddings, _) = golden.forward(.training)
    #expect(relativeDistance(embeddings.values, try golden.file.values("training/embeddings")) < fixture.embeddings)
    for statistic in golden.encoder.layout.statistics.parameters {
      let values = statistic.range.map { golden.statistics.pointer[$0] }
      #expect(
        relativeDistance(values, try golden.file.values("after/\(statistic.name)")) < fixture.embeddings,
        "\(statistic.name)")
    }
    let (inferred, _) = golden.forward(.inference)
    #expect(relativeDistance(inferred.values, try golden.file.values("inference/embeddings")) < fixture.embeddings)
    let long = try golden.file.features("inference/long.features")
    let pass = ForwardPass(mode: .inference, parameters: golden.parameters, statistics: golden.statistics)
    let (embedding, _) = golden.encoder.encode(long, utterances: 1, pass)
    #expect(
      relativeDistance(embedding.values, try golden.file.values("inference/long.embeddings")) < fixture.embeddings)
  }

  @Test(arguments: fixtures) func `both objectives' gradients of every parameter equal PyTorch's`(
    fixture: (name: String, embeddings: Double, gradients: Double)
  ) throws {
    let golden = try GoldenResNet(fixture.name)
    let (_, pullback) = golden.forward(.training)
    let directions = try (1...2).map { try golden.file.matrix("output_gradient.\($0)") }
    let buffers = directions.map { _ in Matrix.zeros(rows: 1, columns: golden.parameters.columns) }
    pullback(directions, BackwardPass(parameters: golden.parameters, gradients: buffers))
    for (objective, buffer) in buffers.enumerated() {
      for parameter in golden.encoder.layout.parameters.parameters {
        let values = parameter.range.map { buffer.pointer[$0] }
        let expected = try golden.file.values("gradient.\(objective + 1)/\(parameter.name)")
        #expect(relativeDistance(values, expected) < fixture.gradients, "\(parameter.name) of objective \(objective)")
      }
    }
  }

  /// The encoder of a fixture with its parameters.
  private struct GoldenResNet {
    let file: Golden
    let encoder: ResNet
    let parameters: Matrix
    let statistics: Matrix
    private let features: Matrix
    private let utterances: Int

    init(_ fixture: String) throws {
      let file = try Golden(fixture)
      func size(_ name: String) throws -> Int { try #require(file.metadata[name].flatMap { Int($0) }, "\(name)") }
      var sizes = ResNet.Sizes()
      sizes.bins = try size("bins")
      sizes.depth = try #require(ResNet.Depth(rawValue: try size("depth")))
      sizes.channels = try size("channels")
      sizes.embedding = try size("embedding")
      sizes.twoLayers = try size("twoLayers") == 1
      self.file = file
      encoder = ResNet(sizes)
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
