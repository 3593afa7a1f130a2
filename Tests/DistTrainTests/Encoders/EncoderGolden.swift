import DistTrain
import TestTools
import Testing

/// An encoder of a fixture, which computes what PyTorch's computes in double precision.
struct EncoderGolden {
  private let file: Golden
  private let encoder: any Encoder
  private let parameters: Matrix
  private let statistics: Matrix
  private let features: Matrix
  private let utterances: Int

  /// - Parameter make: makes the encoder of the sizes that the fixture has by their names.
  init(_ fixture: String, make: (_ size: (String) throws -> Int) throws -> any Encoder) throws {
    let file = try Golden(fixture)
    func size(_ name: String) throws -> Int { try #require(file.metadata[name].flatMap { Int($0) }, "\(name)") }
    self.file = file
    encoder = try make(size)
    utterances = try size("utterances")
    parameters = try file.flat(encoder.layout.parameters, scope: "parameter")
    statistics = try file.flat(encoder.layout.statistics, scope: "before")
    features = try file.features("features")
  }

  private func forward(_ mode: ForwardPass.Mode) -> (embeddings: Matrix, pullback: Pullback) {
    encoder.encode(
      features, utterances: utterances, ForwardPass(mode: mode, parameters: parameters, statistics: statistics))
  }

  /// Expects the embeddings and running statistics of a step, and the embeddings of inference after it, one of them of
  /// a longer utterance.
  func expectEmbeddings(within tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation) throws {
    func expect(_ values: [Float], _ name: String) throws {
      let distance = relativeDistance(values, try file.values(name))
      #expect(distance < tolerance, "\(name)", sourceLocation: sourceLocation)
    }
    try expect(forward(.training).embeddings.values, "training/embeddings")
    for statistic in encoder.layout.statistics.parameters {
      try expect(Array(statistics.values[statistic.range]), "after/\(statistic.name)")
    }
    try expect(forward(.inference).embeddings.values, "inference/embeddings")
    let pass = ForwardPass(mode: .inference, parameters: parameters, statistics: statistics, keepsCaches: false)
    let long = encoder.encode(try file.features("inference/long.features"), utterances: 1, pass)
    try expect(long.embeddings.values, "inference/long.embeddings")
  }

  /// Expects the embeddings of inference from the encoder's graph, which is computed in double precision too.
  func expectGraph(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let encoder = try #require(encoder as? any GraphEncoder)
    let after = try file.flat(encoder.layout.statistics, scope: "after")
    let graph = encoder.graph(parameters: parameters, statistics: after)
    for (scope, utterances) in [("", utterances), ("long.", 1)] {
      let features = scope.isEmpty ? features : try file.features("inference/long.features")
      let shape = [features.rows, utterances, features.columns / utterances]
      let rows = GraphTensor(shape, features.values.map(Double.init)).transposed([1, 2, 0])
      let embeddings = try #require(try GraphRun.outputs(of: graph, ["feats": rows])["embs"])
      let distance = relativeDistance(
        embeddings.values.map { Float($0) }, try file.values("inference/\(scope)embeddings"))
      #expect(distance < 1e-6, "inference/\(scope)embeddings", sourceLocation: sourceLocation)
    }
  }

  /// Expects both objectives' gradients of every parameter.
  /// - Parameters:
  ///   - floor: what each number of a gradient may be off besides, as rounding leaves of one that is zero.
  ///   - vanishing: the ends of the names of parameters whose gradient is zero.
  func expectGradients(
    within tolerance: Double, floor: Double = 0, vanishing: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (_, pullback) = forward(.training)
    let directions = try (1...2).map { try file.matrix("output_gradient.\($0)") }
    let buffers = directions.map { _ in Matrix.zeros(rows: 1, columns: parameters.columns) }
    pullback(directions, BackwardPass(parameters: parameters, gradients: buffers))
    for (objective, buffer) in buffers.enumerated() {
      let values = buffer.values
      for parameter in encoder.layout.parameters.parameters {
        let name = "gradient.\(objective + 1)/\(parameter.name)"
        if vanishing.contains(where: { parameter.name.hasSuffix($0) }) {
          #expect(values[parameter.range].allSatisfy { abs($0) < 1e-5 }, "\(name)", sourceLocation: sourceLocation)
          continue
        }
        let expected = try file.values(name)
        let distance = relativeDistance(Array(values[parameter.range]), expected)
        let length = expected.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let scale = length > 0 ? length : 1
        let allowed = tolerance * scale + floor * Double(expected.count).squareRoot()
        #expect(distance * scale < allowed, "\(name)", sourceLocation: sourceLocation)
      }
    }
  }
}

extension ECAPATDNN.Sizes {
  /// The sizes of a fixture's encoder, whose numbers `size` gives by their names in it.
  init(golden size: (String) throws -> Int) rethrows {
    self.init()
    bins = try size("bins")
    channels = try size("channels")
    embedding = try size("embedding")
    aggregation = try size("aggregation")
    squeezeBottleneck = try size("seBottleneck")
    attentionBottleneck = try size("attentionBottleneck")
  }
}
