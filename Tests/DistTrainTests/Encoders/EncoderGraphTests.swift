import DistTrain
import Foundation
import TestTools
import Testing

/// Encoders as graphs. What the graphs compute is compared with PyTorch in the suites of the encoders too.
@Suite struct EncoderGraphTests {
  /// Every known type with its own settings, small where it has a setting for it.
  private static let encoders = EncoderArchitecture.known.map(\.name)

  private static func encoder(_ name: String) throws -> any GraphEncoder {
    let type = try #require(EncoderArchitecture.known.first { $0.name == name })
    let encoder = type.encoder(type.defaults, bins: 24 * type.binsFactor(type.defaults), dimensions: 10)
    return try #require(encoder as? any GraphEncoder, "\(name) has no graph")
  }

  /// The graph of an encoder whose numbers nobody reads.
  private static func graph(_ encoder: any GraphEncoder) -> ONNXGraph {
    encoder.graph(
      parameters: Matrix(rows: 1, columns: encoder.layout.parameters.count),
      statistics: Matrix(rows: 1, columns: encoder.layout.statistics.count))
  }

  @Test(arguments: ECAPATDNN.Arrangement.allCases)
  func `ECAPA-TDNN's graph gives the embeddings of PyTorch's inference`(arrangement: ECAPATDNN.Arrangement) throws {
    let golden = try EncoderGolden(arrangement == .wespeaker ? "ecapa" : "ecapa-speechbrain") { size in
      ECAPATDNN(try ECAPATDNN.Sizes(golden: size), arrangement: arrangement)
    }
    try golden.expectGraph()
  }

  @Test(arguments: [ECAPATDNN.Pooling.astp, .tstp])
  func `of a single frame a graph gives the embedding that the encoder gives`(pooling: ECAPATDNN.Pooling) throws {
    var sizes = ECAPATDNN.Sizes()
    (sizes.bins, sizes.channels, sizes.aggregation, sizes.embedding, sizes.pooling) = (7, 16, 24, 5, pooling)
    let encoder = ECAPATDNN(sizes)
    let buffers = [encoder.layout.parameters, encoder.layout.statistics].map { layout in
      let buffer = Matrix(rows: 1, columns: layout.count)
      layout.initialise(buffer.pointer, seed: 4)
      return buffer
    }
    let frame = (0..<7).map { sin(Float($0)) }
    let pass = ForwardPass(mode: .inference, parameters: buffers[0], statistics: buffers[1], keepsCaches: false)
    let embedding = encoder.encode(Matrix(rows: 7, columns: 1, frame), utterances: 1, pass).embeddings.values
    let outputs = try GraphRun.outputs(
      of: encoder.graph(parameters: buffers[0], statistics: buffers[1]),
      ["feats": GraphTensor([1, 1, 7], frame.map { Double($0) })])
    let own = try #require(outputs["embs"]).values.map { Float($0) }
    #expect(relativeDistance(own, embedding) < 1e-5)
  }

  @Test(arguments: encoders) func `every value that a node reads was there before`(name: String) throws {
    let graph = Self.graph(try Self.encoder(name))
    var known = Set(graph.inputs.map(\.value.name) + graph.constants.map(\.name))
    #expect(known.count == graph.inputs.count + graph.constants.count)
    for node in graph.nodes {
      for input in node.inputs { #expect(known.contains(input.name), "\(node.operation) reads \(input.name)") }
      for output in node.outputs { #expect(known.insert(output.name).inserted, "\(output.name)") }
    }
    for output in graph.outputs { #expect(known.contains(output.value.name)) }
  }

  @Test(arguments: encoders)
  func `its constants are the encoder's tensors by their names and shapes`(name: String) throws {
    let encoder = try Self.encoder(name)
    let graph = Self.graph(encoder)
    let shapes = Dictionary(
      uniqueKeysWithValues: graph.constants.compactMap { constant -> (String, [Int])? in
        if case .tensor(let tensor) = constant { (tensor.name, tensor.shape) } else { nil }
      })
    let read = Set(graph.nodes.flatMap(\.inputs).map(\.name))
    for constant in graph.constants { #expect(read.contains(constant.name), "\(constant.name) is read by nothing") }
    for tensor in encoder.layout.parameters.parameters + encoder.layout.statistics.parameters {
      // The weight of the sum of a single map is 1, whatever is stored.
      if let shape = shapes[tensor.name] {
        #expect(shape == tensor.shape, "\(tensor.name)")
      } else {
        #expect(tensor.shape.first == 1 && tensor.shape.count == 4 && tensor.shape[1] == 1, "\(tensor.name)")
      }
    }
  }

  @Test(arguments: encoders) func `it has wespeaker's input and output`(name: String) throws {
    let encoder = try Self.encoder(name)
    let graph = Self.graph(encoder)
    #expect(graph.inputs.map(\.value.name) == ["feats"] && graph.outputs.map(\.value.name) == ["embs"])
    #expect(graph.inputs[0].shape == [.named("B"), .named("T"), .count(encoder.bins)])
    #expect(graph.outputs[0].shape == [.named("B"), .count(10)])
  }
}
