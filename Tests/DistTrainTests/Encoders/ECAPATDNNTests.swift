import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct ECAPATDNNTests {
  @Test(arguments: [(512, 6_190_720), (1024, 14_657_088)])
  func `has wespeaker's number of parameters with global context`(channels: Int, count: Int) {
    var sizes = ECAPATDNN.Sizes()
    sizes.channels = channels
    #expect(ECAPATDNN(sizes).layout.parameters.count == count)
  }

  @Test(arguments: [(512, 5_797_504), (1024, 14_263_872)])
  func `has wespeaker's number of parameters without global context`(channels: Int, count: Int) {
    var sizes = ECAPATDNN.Sizes()
    sizes.channels = channels
    sizes.globalContext = false
    #expect(ECAPATDNN(sizes).layout.parameters.count == count)
  }

  @Test(arguments: [(512, 1536, 6_194_048), (1024, 1536, 14_660_416), (512, 3072, 9_941_888), (1024, 3072, 20_767_552)])
  func `has SpeechBrain's number of parameters with global context`(channels: Int, aggregation: Int, count: Int) {
    var sizes = ECAPATDNN.Sizes()
    sizes.channels = channels
    sizes.aggregation = aggregation
    #expect(ECAPATDNN(sizes, arrangement: .speechbrain).layout.parameters.count == count)
  }

  @Test(arguments: [(512, 1536, 5_800_832), (1024, 3072, 19_981_120)])
  func `has SpeechBrain's number of parameters without global context`(channels: Int, aggregation: Int, count: Int) {
    var sizes = ECAPATDNN.Sizes()
    sizes.channels = channels
    sizes.aggregation = aggregation
    sizes.globalContext = false
    #expect(ECAPATDNN(sizes, arrangement: .speechbrain).layout.parameters.count == count)
  }

  @Test(arguments: ECAPATDNN.Arrangement.allCases)
  func `training embeddings, running statistics and inference equal PyTorch's`(
    arrangement: ECAPATDNN.Arrangement
  ) throws {
    let golden = try GoldenEncoder(arrangement)
    let (embeddings, _) = golden.forward(.training)
    #expect(relativeDistance(embeddings.values, try golden.values("training/embeddings")) < 1e-5)
    for statistic in golden.encoder.layout.statistics.parameters {
      let values = statistic.range.map { golden.statistics.pointer[$0] }
      #expect(relativeDistance(values, try golden.values("after/\(statistic.name)")) < 1e-5, "\(statistic.name)")
    }
    let (inferred, _) = golden.forward(.inference)
    #expect(relativeDistance(inferred.values, try golden.values("inference/embeddings")) < 1e-5)
  }

  @Test(arguments: ECAPATDNN.Arrangement.allCases)
  func `one long utterance's embedding equals PyTorch's`(arrangement: ECAPATDNN.Arrangement) throws {
    let golden = try GoldenEncoder(arrangement)
    _ = golden.forward(.training)
    let features = try golden.file.matrix("inference/long.features")
    let frames = features.columns / golden.encoder.bins
    let pass = ForwardPass(
      mode: .inference, parameters: golden.parameters, statistics: golden.statistics)
    let (embedding, _) = golden.encoder.encode(
      Matrix(rows: golden.encoder.bins, columns: frames, features.values), utterances: 1, pass)
    #expect(relativeDistance(embedding.values, try golden.values("inference/long.embeddings")) < 1e-5)
  }

  @Test(arguments: ECAPATDNN.Arrangement.allCases)
  func `both objectives' gradients of every parameter equal PyTorch's`(arrangement: ECAPATDNN.Arrangement) throws {
    let golden = try GoldenEncoder(arrangement)
    let (_, pullback) = golden.forward(.training)
    let directions = try (1...2).map { try golden.file.matrix("output_gradient.\($0)") }
    let buffers = directions.map { _ in Matrix.zeros(rows: 1, columns: golden.parameters.columns) }
    pullback(directions, BackwardPass(parameters: golden.parameters, gradients: buffers))
    for (objective, buffer) in buffers.enumerated() {
      for parameter in golden.encoder.layout.parameters.parameters {
        let values = parameter.range.map { buffer.pointer[$0] }
        let expected = try golden.values("gradient.\(objective + 1)/\(parameter.name)")
        // Single precision through 30 normalisations of 44 columns: variances near zero multiply rounding.
        // A softmax over frames does not see a constant: rounding is all its bias gets.
        if ["pool.linear2.bias", "asp.conv.conv.bias"].contains(parameter.name) {
          #expect(values.allSatisfy { abs($0) < 1e-5 })
          continue
        }
        #expect(relativeDistance(values, expected) < 1e-4, "\(parameter.name) of objective \(objective)")
      }
    }
  }

  @Test(arguments: ECAPATDNN.Arrangement.allCases)
  func `one objective's gradient does not depend on the other's company`(
    arrangement: ECAPATDNN.Arrangement
  ) throws {
    let golden = try GoldenEncoder(arrangement)
    let (_, pullback) = golden.forward(.training)
    let directions = try (1...2).map { try golden.file.matrix("output_gradient.\($0)") }
    func gradients(_ directions: [Matrix]) -> [Matrix] {
      let buffers = directions.map { _ in Matrix.zeros(rows: 1, columns: golden.parameters.columns) }
      pullback(directions, BackwardPass(parameters: golden.parameters, gradients: buffers))
      return buffers
    }
    let together = gradients(directions)
    for (objective, direction) in directions.enumerated() {
      #expect(relativeDistance(together[objective].values, gradients([direction])[0].values) < 1e-6)
    }
  }

  @Test func `a reflection takes five frames, zeros take one`() throws {
    #expect(try GoldenEncoder(.wespeaker).encoder.minimumFrames == 1)
    let golden = try GoldenEncoder(.speechbrain)
    #expect(golden.encoder.minimumFrames == 5)
    _ = golden.forward(.training)
    let columns = golden.encoder.minimumFrames
    let pass = ForwardPass(
      mode: .inference, parameters: golden.parameters, statistics: golden.statistics)
    let shortest = Matrix(
      rows: golden.encoder.bins, columns: columns,
      (0..<golden.encoder.bins * columns).map { golden.features[$0 / columns, $0 % columns] })
    let (embedding, _) = golden.encoder.encode(shortest, utterances: 1, pass)
    #expect(embedding.values.allSatisfy { $0.isFinite })
  }

  /// PyTorch refuses to normalise one value a channel. Here its variance is 0: what is left is the normalisation's
  /// bias.
  @Test(arguments: ECAPATDNN.Arrangement.allCases, [false, true])
  func `one utterance in training leaves the last normalisation's bias and no gradient before it`(
    arrangement: ECAPATDNN.Arrangement, shortest: Bool
  ) throws {
    let golden = try GoldenEncoder(arrangement)
    let encoder = golden.encoder
    let frames = shortest ? encoder.minimumFrames : 11
    let features = Matrix(
      rows: encoder.bins, columns: frames,
      (0..<encoder.bins * frames).map { golden.features[$0 / frames, $0 % frames] })
    let (embedding, pullback) = encoder.encode(
      features, utterances: 1,
      ForwardPass(mode: .training, parameters: golden.parameters, statistics: golden.statistics))
    let names = arrangement == .wespeaker ? ("bn", "linear") : ("asp_bn.norm", "fc.conv")
    let bias = try golden.values("parameter/\(names.0).bias")
    let weight = try golden.values("parameter/\(names.1).weight")
    let offset = try golden.values("parameter/\(names.1).bias")
    let expected = offset.indices.map { row in
      bias.indices.reduce(offset[row]) { $0 + weight[row * bias.count + $1] * bias[$1] }
    }
    #expect(relativeDistance(embedding.values, expected) < 1e-3)
    #expect(golden.statistics.values.allSatisfy { $0.isFinite })

    let buffer = Matrix.zeros(rows: 1, columns: encoder.layout.parameters.count)
    let direction = Matrix(rows: 1, columns: encoder.dimensions, [Float](repeating: 1, count: encoder.dimensions))
    pullback([direction], BackwardPass(parameters: golden.parameters, gradients: [buffer]))
    for parameter in encoder.layout.parameters.parameters {
      let length = parameter.range.reduce(0.0) { $0 + pow(Double(buffer.pointer[$1]), 2) }.squareRoot()
      let isBehind = parameter.name.hasPrefix(names.1 + ".") || parameter.name == names.0 + ".bias"
      #expect(isBehind ? length > 0.1 : length < 0.05, "\(parameter.name): \(length)")
    }
  }
}

/// The encoder of `ecapa.safetensors` or `ecapa-speechbrain.safetensors` with its parameters.
private struct GoldenEncoder {
  let file: Golden
  let encoder: ECAPATDNN
  let parameters: Matrix
  let statistics: Matrix
  let features: Matrix
  let utterances: Int

  init(_ arrangement: ECAPATDNN.Arrangement) throws {
    let file = try Golden(arrangement == .wespeaker ? "ecapa" : "ecapa-speechbrain")
    self.file = file
    func size(_ name: String) throws -> Int { try #require(file.metadata[name].flatMap { Int($0) }, "\(name)") }
    let sizes = try ECAPATDNN.Sizes(golden: size)
    encoder = ECAPATDNN(sizes, arrangement: arrangement)
    utterances = try size("utterances")
    let frames = try size("frames")
    parameters = try Self.load(encoder.layout.parameters, scope: "parameter", file)
    statistics = try Self.load(encoder.layout.statistics, scope: "before", file)
    // Stored [utterances, bins, frames]; a batch is bins × (utterances · frames).
    let stored = try file.values("features")
    features = Matrix(rows: sizes.bins, columns: utterances * frames)
    for utterance in 0..<utterances {
      for bin in 0..<sizes.bins {
        for frame in 0..<frames {
          features[bin, utterance * frames + frame] = stored[(utterance * sizes.bins + bin) * frames + frame]
        }
      }
    }
  }

  private static func load(_ layout: ParameterLayout, scope: String, _ file: Golden) throws -> Matrix {
    let buffer = Matrix(rows: 1, columns: layout.count)
    for parameter in layout.parameters {
      let tensor = try #require(file.tensors["\(scope)/\(parameter.name)"], "\(parameter.name)")
      #expect(tensor.shape == parameter.shape, "\(parameter.name)")
      for (index, value) in tensor.values.enumerated() { buffer.pointer[parameter.offset + index] = value }
    }
    return buffer
  }

  func values(_ name: String) throws -> [Float] { try file.values(name) }

  func forward(_ mode: ForwardPass.Mode) -> (Matrix, Pullback) {
    let pass = ForwardPass(mode: mode, parameters: parameters, statistics: statistics)
    return encoder.encode(features, utterances: utterances, pass)
  }
}
