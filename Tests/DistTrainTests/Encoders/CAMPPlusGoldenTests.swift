import DistTrain
import Testing

/// CAM++ against PyTorch's.
@Suite struct CAMPPlusGoldenTests {
  /// How far embeddings and gradients may be from PyTorch's in double precision. PyTorch's own in single precision are a
  /// tenth of it away.
  private static let tolerance = (embeddings: 3e-5, gradients: 5e-4)

  @Test func `training embeddings, running statistics and inference equal PyTorch's`() throws {
    let golden = try GoldenCAMPPlus()
    let (embeddings, _) = golden.forward(.training)
    #expect(
      relativeDistance(embeddings.values, try golden.file.values("training/embeddings")) < Self.tolerance.embeddings)
    for statistic in golden.encoder.layout.statistics.parameters {
      let values = statistic.range.map { golden.statistics.pointer[$0] }
      #expect(
        relativeDistance(values, try golden.file.values("after/\(statistic.name)")) < Self.tolerance.embeddings,
        "\(statistic.name)")
    }
    let (inferred, _) = golden.forward(.inference)
    #expect(
      relativeDistance(inferred.values, try golden.file.values("inference/embeddings")) < Self.tolerance.embeddings)
    let long = try golden.file.features("inference/long.features")
    let pass = ForwardPass(
      mode: .inference, parameters: golden.parameters, statistics: golden.statistics, keepsCaches: false)
    let (embedding, _) = golden.encoder.encode(long, utterances: 1, pass)
    #expect(
      relativeDistance(embedding.values, try golden.file.values("inference/long.embeddings"))
        < Self.tolerance.embeddings)
  }

  @Test func `both objectives' gradients of every parameter equal PyTorch's`() throws {
    let golden = try GoldenCAMPPlus()
    let (_, pullback) = golden.forward(.training)
    let directions = try (1...2).map { try golden.file.matrix("output_gradient.\($0)") }
    let buffers = directions.map { _ in Matrix.zeros(rows: 1, columns: golden.parameters.columns) }
    pullback(directions, BackwardPass(parameters: golden.parameters, gradients: buffers))
    for (objective, buffer) in buffers.enumerated() {
      for parameter in golden.encoder.layout.parameters.parameters {
        let values = parameter.range.map { buffer.pointer[$0] }
        let expected = try golden.file.values("gradient.\(objective + 1)/\(parameter.name)")
        #expect(
          relativeDistance(values, expected) < Self.tolerance.gradients, "\(parameter.name) of objective \(objective)")
      }
    }
  }

  /// The encoder of the fixture with its parameters.
  private struct GoldenCAMPPlus {
    let file: Golden
    let encoder: CAMPPlus
    let parameters: Matrix
    let statistics: Matrix
    private let features: Matrix
    private let utterances: Int

    init() throws {
      let file = try Golden("campplus")
      func size(_ name: String) throws -> Int { try #require(file.metadata[name].flatMap { Int($0) }, "\(name)") }
      var sizes = CAMPPlus.Sizes()
      sizes.bins = try size("bins")
      sizes.headChannels = try size("headChannels")
      sizes.channels = try size("channels")
      sizes.growth = try size("growth")
      sizes.bottleneck = try size("bottleneck")
      sizes.layers = try (1...3).map { try size("layers\($0)") }
      sizes.embedding = try size("embedding")
      self.file = file
      encoder = CAMPPlus(sizes)
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
