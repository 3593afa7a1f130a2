/// Attention of an utterance's frames to one another, with linear maps before and after (Vaswani et al. 2017, section
/// 3.2.2): no positions, no mask and no dropout, as wespeaker's ReDimNet has it.
package struct SelfAttention: Layer {
  package struct Cache {
    /// The input, channels × columns.
    let input: MatrixView
    let heads: AttentionHeads
    /// The output of the heads, channels × columns.
    let attended: Matrix
  }

  let key: Linear
  let value: Linear
  let query: Linear
  let output: Linear
  private let heads: Int
  package var inputs: Int { query.inputs }
  package var outputs: Int { output.outputs }

  /// - Parameters:
  ///   - name: the scope of `k_proj`, `v_proj`, `q_proj` and `out_proj`.
  ///   - heads: the number of heads, of which `channels` is a multiple.
  package init(_ name: String, channels: Int, heads: Int, layout: inout EncoderLayout) {
    precondition(channels % heads == 0, "\(channels) channels for \(heads) heads")
    self.heads = heads
    (key, value, query, output) = layout.scope(name) { layout in
      func map(_ name: String) -> Linear {
        Linear(name, inputs: channels, outputs: channels, perFrame: true, layout: &layout)
      }
      return (map("k_proj"), map("v_proj"), map("q_proj"), map("out_proj"))
    }
  }

  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    precondition(grid.height == 1, "attention is over lines of frames, one an utterance")
    let input = input.plain
    func mapped(_ map: Linear) -> MatrixView {
      let result = Matrix(rows: inputs, columns: grid.columns)
      _ = map.forward(AffineView(input), grid, into: result.view, pass)
      return result.view
    }
    let heads = AttentionHeads(
      queries: mapped(query), keys: mapped(key), values: mapped(value), heads: heads, grid: grid,
      precision: pass.precision)
    let attended = Matrix(rows: inputs, columns: grid.columns)
    heads.write(to: attended.view)
    _ = output.forward(AffineView(attended.view), grid, into: memory, pass)
    return (AffineView(memory), Cache(input: input, heads: heads, attended: attended))
  }

  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    backward(gradient, cache: cache, into: inputGradient, adding: false, pass)
  }

  /// Adds the gradients of the parameters and writes that of the input, which may use the memory of `gradient`.
  /// - Parameter adding: whether the input's gradient is added to the values in its memory.
  func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, adding: Bool, _ pass: BackwardPass
  ) {
    let attended = Matrix(rows: inputs, columns: gradient.columns)
    output.backward(gradient, cache: cache.attended.view, into: attended.view, pass)
    let own = cache.heads.backward(attended.view, objectives: pass.objectives)
    query.backward(own.queries.view, cache: cache.input, into: inputGradient, adding: adding, pass)
    key.backward(own.keys.view, cache: cache.input, into: inputGradient, adding: true, pass)
    value.backward(own.values.view, cache: cache.input, into: inputGradient, adding: true, pass)
  }
}

extension SelfAttention: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let width = outputs / heads
    func mapped(_ map: Linear) -> EncoderGraph.Value {
      graph.add("Reshape", map.describe(input, in: &graph), graph.integers(0, heads, width, -1))
    }
    let (queries, keys, values) = (mapped(query), mapped(key), mapped(value))
    // The products of queries and keys are [utterances, heads, frames that ask, frames that are seen].
    let asking = graph.add("Transpose", queries, attributes: ["perm": [0, 1, 3, 2]])
    let products = graph.add("MatMul", asking, keys)
    let scale = graph.number(1 / Float(width).squareRoot())
    let weights = graph.frameWeights(graph.add("Mul", products, scale))
    let turned = graph.add("Transpose", weights, attributes: ["perm": [0, 1, 3, 2]])
    let attended = graph.add("MatMul", values, turned)
    return output.describe(graph.add("Reshape", attended, graph.integers(0, outputs, -1)), in: &graph)
  }
}
