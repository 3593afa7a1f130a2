internal import CKernels

/// wespeaker's aggregation: convolution, ReLU and pooling.
struct RectifiedAggregation<Pooling: RectifiedPooling>: Aggregation {
  struct Cache {
    let input: AffineView
    let grid: Grid
    let pooling: Pooling.Cache
  }

  let convolution: Convolution1D
  let pooling: Pooling
  var inputs: Int { convolution.inputs }
  var minimumFrames: Int { convolution.minimumFrames }

  func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let aggregated = Matrix(rows: convolution.outputs, columns: grid.columns)
    let biases = convolution.product(input, grid, into: aggregated.view, pass)
    inParallel(convolution.outputs) { channel in
      ck_add_scalar_relu(aggregated.row(channel), aggregated.columns, biases[channel])
    }
    let (pooled, cache) = pooling.forward(AffineView(aggregated.view), grid, into: memory, pass)
    return (pooled, Cache(input: input, grid: grid, pooling: cache))
  }

  func backwardThroughPooling(_ gradient: MatrixView, _ cache: Cache, _ pass: BackwardPass) -> Matrix {
    let aggregated = Matrix(rows: convolution.outputs, columns: pass.objectives * cache.grid.columns)
    pooling.backwardThroughReLU(gradient, cache: cache.pooling, into: aggregated.view, pass)
    return aggregated
  }

  func backwardThroughConvolution(
    _ aggregated: Matrix, _ cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let sums = UnitSums(ofRows: aggregated.view, pass)
    convolution.backward(
      aggregated.view, sums: sums, input: cache.input, grid: cache.grid, into: inputGradient, pass)
  }
}

extension RectifiedAggregation {
  func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    pooling.describe(graph.add("Relu", convolution.describe(input, in: &graph)), in: &graph)
  }
}
