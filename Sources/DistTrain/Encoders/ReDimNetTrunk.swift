/// What ReDimNets compute: the first map, the stages, each of which reads all maps before it, and the top, which reads
/// all maps.
struct ReDimNetTrunk: Sendable {
  let stem: ReDimNetStem
  let stages: [ReDimNetStage]
  let top: ReDimNetTop
  /// The shape of the first map.
  let first: MapRows

  /// The factor by which all stages together make the frames fewer.
  var frameStride: Int { 1 << (stages.last?.halvings ?? 0) }

  /// Computes embeddings, as `Encoder` has it. Frames beyond a multiple of `frameStride` are left out.
  /// - Parameter layout: the layout of the encoder.
  func encode(
    _ features: Matrix, utterances: Int, _ layout: EncoderLayout, _ pass: ForwardPass
  ) -> (embeddings: Matrix, pullback: Pullback) {
    precondition(features.rows == first.height, "\(first.height) features a frame expected, not \(features.rows)")
    let frames = features.columns / utterances / frameStride * frameStride
    precondition(frames > 0, "\(frameStride) frames at least")
    let grid = first.grid(utterances: utterances, frames: frames)
    let (map, stemCache) = stem.forward(grid.map(of: features.view), grid, pass)
    var maps = [WeightedMapSum.Source(map, first)]
    var caches: [ReDimNetStage.Cache] = []
    for stage in stages {
      let (map, cache) = stage.forward(maps, utterances: utterances, frames: frames, pass)
      if let cache { caches.append(cache) }
      maps.append(WeightedMapSum.Source(map, stage.stored, halvings: stage.halvings))
    }
    let (embeddings, topCache) = top.forward(maps, utterances: utterances, frames: frames, pass)
    let pullback = Pullback(layout) { [maps, caches] gradient, pass in
      precondition(caches.count == stages.count, "a pass that kept no caches has no way back")
      var gradients = maps.map {
        Matrix(rows: $0.values.rows, columns: pass.objectives * $0.values.columns).view
      }
      top.backward(gradient.view, cache: topCache, into: gradients, pass)
      for (stage, cache) in zip(stages, caches).reversed() {
        stage.backward(gradients.removeLast(), cache: cache, addingTo: gradients, pass)
      }
      stem.backward(gradients[0], cache: stemCache, pass)
    }
    return (embeddings.transposed, pullback)
  }
}

extension ReDimNetTrunk {
  /// Adds what `encode` computes of [utterances, bins, frames].
  func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let whole = graph.wholeStrides(of: features, frameStride)
    let map = stem.describe(graph.add("Unsqueeze", whole, graph.integers(1)), in: &graph)
    var maps = [first.describeRows(of: map, in: &graph)]
    for stage in stages { maps.append(stage.describe(maps, in: &graph)) }
    return top.describe(maps, in: &graph)
  }
}

extension EncoderGraph {
  /// The first frames, as many as a multiple of a stride.
  fileprivate mutating func wholeStrides(of value: Value, _ stride: Int) -> Value {
    guard stride > 1 else { return value }
    let whole = add("Mul", add("Div", elementCount(value), integers(stride)), integers(stride))
    return add("Slice", value, integers(0), whole, integers(2))
  }
}
