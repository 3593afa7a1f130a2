import DistTrain
import Foundation
import TestTools
import Testing

/// Front ends as parts of graphs, against the features that svdist computes.
@Suite struct WaveformGraphTests {
  private static func frontEnd(_ type: FrontEnd.Kind = .kaldi, _ change: (inout FrontEnd) -> Void = { _ in })
    -> FrontEnd
  {
    var frontEnd = FrontEnd(type)
    frontEnd.bins = 12
    change(&frontEnd)
    return frontEnd
  }

  static let frontEnds = [
    frontEnd(),
    frontEnd { ($0.window, $0.edges, $0.highestFrequency) = (.povey, .mirror, 7600) },
    frontEnd { ($0.scale, $0.meanRemoval, $0.logFloor) = (.unit, .none, 1e-3) },
    frontEnd { ($0.frameLength, $0.frameShift, $0.window, $0.preEmphasis) = (32, 12.5, .hann, 0) },
    frontEnd { ($0.frameLength, $0.frameShift, $0.edges, $0.window) = (10, 10, .mirror, .rectangular) },
    frontEnd(.tfmel),
    frontEnd(.tfmel) { ($0.frameLength, $0.preEmphasis, $0.meanRemoval) = (30, 0.5, .none) },
    frontEnd(.speechbrain),
    frontEnd(.speechbrain) { ($0.frameShift, $0.highestFrequency, $0.meanRemoval) = (7.5, 5000, .none) },
  ]

  /// Two utterances of noise over a hum and a constant level, for which the mean and the first sample count.
  private static func waves(_ count: Int) -> [[Float]] {
    (0..<2).map { utterance in
      var stream = RandomStream(seed: 5, purpose: .test, item: utterance)
      return (0..<count).map { 0.1 + 0.2 * sin(0.05 * Float($0)) + 0.05 * Float(stream.normal()) }
    }
  }

  @Test(arguments: frontEnds, [480, 1601]) func `features of a graph are svdist's`(frontEnd: FrontEnd, count: Int)
    throws
  {
    try expectFeatures(of: Self.waves(max(count, frontEnd.samples(frames: 2))), frontEnd)
  }

  /// What follows silence has no mean, by which silence would be a level.
  @Test(arguments: frontEnds) func `silence has the energies of svdist's bounds`(frontEnd: FrontEnd) throws {
    let waves = Self.waves(600).map { wave in
      [Float](repeating: 0, count: 1800) + wave + wave.map { -$0 }
    }
    try expectFeatures(of: waves, frontEnd)
  }

  private func expectFeatures(of waves: [[Float]], _ frontEnd: FrontEnd) throws {
    let nothing = Matrix(rows: 1, columns: 0)
    var graph = EncoderGraph(name: "front end", parameters: nothing, statistics: nothing)
    let samples = graph.addInput("wav", shape: [.named("B"), .named("N")])
    graph.addOutput("features", frontEnd.describe(samples, in: &graph), shape: [])
    let input = GraphTensor([2, waves[0].count], waves.joined().map { Double($0) })
    let features = try #require(GraphRun.outputs(of: graph.operations, ["wav": input])["features"])
    let frames = frontEnd.frames(samples: waves[0].count)
    #expect(features.shape == [2, 12, frames])
    let filterBank = FilterBank(frontEnd)
    let expected = waves.flatMap { filterBank.features(of: $0, dither: nil).values }
    let differences = zip(features.values, expected).map { abs($0 - Double($1)) }
    let bound = frontEnd.type == .speechbrain ? 1e-3 : 2e-4
    #expect(differences.max() ?? 1 < bound, "\(differences.max() ?? 1)")
  }

  @Test(arguments: [frontEnds[1], frontEnds[5], frontEnds[7]])
  func `a graph of waveforms gives the encoder's embeddings`(
    frontEnd: FrontEnd
  ) throws {
    var sizes = ECAPATDNN.Sizes()
    (sizes.bins, sizes.channels, sizes.aggregation, sizes.embedding) = (12, 16, 24, 5)
    let encoder = ECAPATDNN(sizes)
    let buffers = [encoder.layout.parameters, encoder.layout.statistics].map { layout in
      let buffer = Matrix(rows: 1, columns: layout.count)
      layout.initialise(buffer.pointer, seed: 4)
      return buffer
    }
    let wave = Self.waves(1200)[0]
    let features = FilterBank(frontEnd).features(of: wave, dither: nil)
    let pass = ForwardPass(mode: .inference, parameters: buffers[0], statistics: buffers[1], keepsCaches: false)
    let embedding = encoder.encode(features, utterances: 1, pass).embeddings.values
    let graph = encoder.graph(behind: frontEnd, parameters: buffers[0], statistics: buffers[1])
    #expect(graph.inputs.map(\.value.name) == ["wav"])
    let outputs = try GraphRun.outputs(of: graph, ["wav": GraphTensor([1, 1200], wave.map { Double($0) })])
    let own = try #require(outputs["embs"]).values.map { Float($0) }
    #expect(relativeDistance(own, embedding) < 1e-3)
  }
}
