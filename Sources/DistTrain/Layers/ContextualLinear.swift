internal import CKernels

/// W·[x; μ; σ] + b for the frames x of utterances with the statistics μ and σ, or W·x + b without global context. It is
/// the first map of an attention that sees the whole utterance (Desplanques et al. 2020, section 3.1).
///
/// μ and σ are the same at all frames of an utterance, so their two thirds of the product are computed once for each
/// utterance.
struct ContextualLinear: Sendable {
  /// The statistics of each utterance, channels × utterances each, or their gradients,
  /// channels × (objectives · utterances) each.
  struct Context {
    let means: Matrix
    let deviations: Matrix
  }

  let channels: Int
  let globalContext: Bool
  private let map: Linear
  var outputs: Int { map.outputs }

  /// - Parameter name: the scope of `weight` [outputs, 3·channels or channels, 1] and `bias` [outputs].
  init(_ name: String, channels: Int, outputs: Int, globalContext: Bool, layout: inout EncoderLayout) {
    self.channels = channels
    self.globalContext = globalContext
    map = Linear(
      name, inputs: globalContext ? 3 * channels : channels, outputs: outputs, kernel: true, layout: &layout)
  }

  /// The columns of W for x, μ and σ.
  private func parts(_ weight: MatrixView) -> [MatrixView] {
    (0..<(globalContext ? 3 : 1)).map { weight.columns($0 * channels..<($0 + 1) * channels) }
  }

  /// Maps channels × (utterances · frames) to outputs × (utterances · frames).
  func forward(_ input: MatrixView, context: Context?, _ grid: Grid, _ pass: ForwardPass) -> Matrix {
    let (utterances, frames) = (grid.utterances, grid.frames)
    let weights = parts(pass.matrix(map.weight))
    let output = Matrix(rows: map.outputs, columns: input.columns)
    multiply(weights[0], input, into: output.view, precision: pass.precision)
    let shift = Matrix.zeros(rows: map.outputs, columns: utterances)
    if let context {
      multiply(weights[1], context.means.view, into: shift.view)
      multiply(weights[2], context.deviations.view, into: shift.view, adding: true)
    }
    let biases = map.bias.map(pass.vector)
    inParallel(output.rows) { row in
      for utterance in 0..<utterances {
        ck_add_scalar(output.row(row) + utterance * frames, frames, shift[row, utterance] + (biases?[row] ?? 0))
      }
    }
    return output
  }

  /// Adds the gradients of W and b and writes that of x.
  /// - Parameters:
  ///   - gradient: the gradient of the output, outputs × (objectives · utterances · frames).
  ///   - inputGradient: takes the gradient of x, channels × (objectives · utterances · frames).
  /// - Returns: the gradients of μ and σ; nil without global context.
  func backward(
    _ gradient: Matrix, input: MatrixView, context: Context?, _ grid: Grid, into inputGradient: MatrixView,
    _ pass: BackwardPass
  ) -> Context? {
    let sums = frameSums(gradient, columns: pass.objectives * grid.utterances)
    addParameterGradients(gradient, sums: sums, input: input, context: context, grid, pass)
    let weights = parts(pass.matrix(map.weight))
    multiply(transposed: weights[0], gradient.view, into: inputGradient, precision: pass.precision)
    guard context != nil else { return nil }
    let means = Matrix(rows: channels, columns: sums.columns)
    let deviations = Matrix(rows: channels, columns: sums.columns)
    multiply(transposed: weights[1], sums.view, into: means.view)
    multiply(transposed: weights[2], sums.view, into: deviations.view)
    return Context(means: means, deviations: deviations)
  }

  /// The sum of each utterance over its frames, rows × (objectives · utterances).
  private func frameSums(_ gradient: Matrix, columns: Int) -> Matrix {
    let sums = Matrix(rows: gradient.rows, columns: columns)
    let frames = gradient.columns / columns
    inParallel(sums.rows) { row in
      for column in 0..<sums.columns {
        sums[row, column] = Float(ck_sum(gradient.row(row) + column * frames, frames))
      }
    }
    return sums
  }

  private func addParameterGradients(
    _ gradient: Matrix, sums: Matrix, input: MatrixView, context: Context?, _ grid: Grid, _ pass: BackwardPass
  ) {
    let (utterances, span) = (grid.utterances, input.columns)
    for objective in 0..<pass.objectives {
      let own = sums.columns(objective * utterances..<(objective + 1) * utterances)
      let ranges = pass.units.ranges(of: utterances)
      if let bias = map.bias {
        pass.add(bias, objective: objective) { unit, row in
          Float(ck_sum(own.row(row) + ranges[unit].lowerBound, ranges[unit].count))
        }
      }
      pass.add(to: map.weight, objective: objective) { nodes in
        let nodes = nodes.map(parts)
        addUnitProducts(
          gradient.columns(objective * span..<(objective + 1) * span), transposed: input, units: pass.units,
          to: nodes.map { $0[0] }, precision: pass.precision)
        if let context {
          for (part, statistic) in [(1, context.means), (2, context.deviations)] {
            addUnitProducts(own, transposed: statistic.view, units: pass.units, to: nodes.map { $0[part] })
          }
        }
      }
    }
  }
}

extension ContextualLinear {
  /// Adds the map of frames, for which the statistics have the last axis of extent 1.
  func describe(
    _ input: EncoderGraph.Value, context: (means: EncoderGraph.Value, deviations: EncoderGraph.Value)?,
    in graph: inout EncoderGraph
  ) -> EncoderGraph.Value {
    guard let context else { return map.describe(ofFrames: input, in: &graph) }
    let parts = graph.split(graph.trained(map.weight), into: [channels, 2 * channels])
    let biases = map.bias.map { [graph.trained($0)] } ?? []
    let ofFrames = graph.add("Conv", [input, parts[0]] + biases)
    let statistics = graph.add("Concat", context.means, context.deviations, attributes: ["axis": 1])
    return graph.add("Add", ofFrames, graph.add("Conv", statistics, parts[1]))
  }
}
