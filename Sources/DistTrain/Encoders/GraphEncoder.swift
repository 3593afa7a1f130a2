/// An encoder that can say itself as operations of a graph.
package protocol GraphEncoder: Encoder {
  /// Adds the encoder's operations in inference.
  /// - Parameter features: the features, [utterances, bins, frames], with at least `minimumFrames` frames.
  /// - Returns: the embeddings before length normalisation, [utterances, dimensions].
  func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value
}

extension GraphEncoder {
  /// The encoder as a graph with wespeaker's names (`bin/export_onnx.py`): from `feats`, the features [utterances, frames,
  /// bins], to `embs`, the embeddings [utterances, dimensions]. Utterances and frames may be any number.
  /// - Parameters:
  ///   - parameters: a flat matrix that begins with the encoder's parameters.
  ///   - statistics: a flat matrix of the encoder's running statistics.
  package func graph(parameters: Matrix, statistics: Matrix) -> ONNXGraph {
    var graph = EncoderGraph(name: "encoder", parameters: parameters, statistics: statistics)
    let features = graph.addInput("feats", shape: [.named("B"), .named("T"), .count(bins)])
    let embeddings = describe(graph.add("Transpose", features, attributes: ["perm": [0, 2, 1]]), in: &graph)
    graph.addOutput("embs", embeddings, shape: [.named("B"), .count(dimensions)])
    return graph.operations
  }
}
