internal import CKernels

/// A layer of a transformer's encoder that normalises after each sum (Vaswani et al. 2017, section 3.1), as wespeaker's
/// ReDimNet has it: z = norm(x + attention(x)), y = norm(z + W₂·gelu(W₁·z + b₁) + b₂), with GELU in its form by tanh.
package struct TransformerLayer: Layer {
  package struct Cache {
    let attention: SelfAttention.Cache
    let middle: LayerNormalization.Cache
    /// z, channels × columns.
    let normalized: Matrix
    /// The hidden values before and after GELU, channels × columns.
    let hidden: Matrix
    let active: Matrix
    let last: LayerNormalization.Cache
  }

  let attention: SelfAttention
  let middle: LayerNormalization
  let inner: Linear
  let outer: Linear
  let last: LayerNormalization
  package var inputs: Int { attention.inputs }
  package var outputs: Int { attention.inputs }

  /// - Parameters:
  ///   - name: the scope of `attention`, `layer_norm`, `feed_forward.intermediate_dense`, `feed_forward.output_dense`
  ///     and `final_layer_norm`.
  ///   - heads: the number of heads, of which `channels` is a multiple.
  package init(_ name: String, channels: Int, heads: Int = 4, layout: inout EncoderLayout) {
    (attention, middle, inner, outer, last) = layout.scope(name) { layout in
      func map(_ name: String) -> Linear {
        Linear("feed_forward.\(name)", inputs: channels, outputs: channels, perFrame: true, layout: &layout)
      }
      return (
        SelfAttention("attention", channels: channels, heads: heads, layout: &layout),
        LayerNormalization("layer_norm", channels: channels, layout: &layout),
        map("intermediate_dense"), map("output_dense"),
        LayerNormalization("final_layer_norm", channels: channels, layout: &layout)
      )
    }
  }

  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    // Without a way back, what follows a sum or a product takes its memory.
    func room(insteadOf used: Matrix) -> Matrix {
      pass.keepsCaches ? Matrix(rows: inputs, columns: grid.columns) : used
    }
    let sum = Matrix(rows: inputs, columns: grid.columns)
    let own = attention.forward(input, grid, into: sum.view, pass).cache
    own.input.add(to: sum.view)
    let normalized = room(insteadOf: sum)
    let middle = self.middle.forward(AffineView(sum.view), grid, into: normalized.view, pass).cache
    let hidden = Matrix(rows: inputs, columns: grid.columns)
    _ = inner.forward(AffineView(normalized.view), grid, into: hidden.view, pass)
    let active = room(insteadOf: hidden)
    inParallel(inputs) { ck_gelu_tanh(hidden.row($0), active.row($0), grid.columns) }
    let outerSum = pass.keepsCaches ? Matrix(rows: inputs, columns: grid.columns).view : memory
    _ = outer.forward(AffineView(active.view), grid, into: outerSum, pass)
    normalized.view.add(to: outerSum)
    let last = self.last.forward(AffineView(outerSum), grid, into: memory, pass).cache
    return (
      AffineView(memory),
      Cache(attention: own, middle: middle, normalized: normalized, hidden: hidden, active: active, last: last)
    )
  }

  /// Adds the gradients of the parameters and writes that of the input, which may use the memory of `gradient`.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    last.backward(gradient, cache: cache.last, into: gradient, pass)
    let current = Matrix(rows: inputs, columns: gradient.columns)
    outer.backward(gradient, cache: cache.active.view, into: current.view, pass)
    let (columns, objectives) = (cache.hidden.columns, pass.objectives)
    inParallel(inputs) { row in
      for objective in 0..<objectives {
        ck_gelu_tanh_backward(current.row(row) + objective * columns, cache.hidden.row(row), columns)
      }
    }
    inner.backward(current.view, cache: cache.normalized.view, into: gradient, adding: true, pass)
    middle.backward(gradient, cache: cache.middle, into: gradient, pass)
    if let inputGradient { gradient.copy(to: inputGradient) }
    attention.backward(gradient, cache: cache.attention, into: inputGradient, adding: true, pass)
  }
}

extension TransformerLayer: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let attended = graph.add("Add", input, attention.describe(input, in: &graph))
    let normalized = middle.describe(attended, in: &graph)
    let active = graph.tanhGELU(inner.describe(normalized, in: &graph))
    return last.describe(graph.add("Add", normalized, outer.describe(active, in: &graph)), in: &graph)
  }
}
