internal import CKernels

/// Normalisation, ReLU and a convolution of one frame, in this order (the pre-activation of He, Zhang, Ren and Sun
/// 2016, "Identity mappings in deep residual networks"), of channels that several such layers read.
///
/// Nothing but the convolution's output is stored. What is normalised is read as a view, by moments that all of these
/// layers share, and the gradient of each is added to the one gradient that they have of their channels.
struct PreactivatedConvolution: Sendable {
  struct Cache {
    /// The cache of the convolution, whose input is the normalised and rectified view.
    let convolution: Convolution2D.Cache
    let statistics: BatchNormalization.Statistics
  }

  let normalization: BatchNormalization
  let convolution: Convolution2D
  var inputs: Int { convolution.inputs }
  var outputs: Int { convolution.outputs }

  /// - Parameters:
  ///   - normalization: the scope of the normalisation.
  ///   - convolution: the scope of the convolution, whose weight is [outputs, inputs, 1].
  init(normalization: String, convolution: String, inputs: Int, outputs: Int, layout: inout EncoderLayout) {
    self.normalization = BatchNormalization(normalization, channels: inputs, layout: &layout)
    self.convolution = Convolution2D(
      overTime: convolution, inputs: inputs, outputs: outputs, start: .normal, layout: &layout)
  }

  /// Computes the output.
  /// - Parameters:
  ///   - input: the channels, inputs × the grid's columns.
  ///   - moments: the batch's moments of these channels; nil normalises by the running statistics.
  ///   - memory: takes the output, outputs × the grid's columns.
  func forward(
    _ input: MatrixView, _ moments: BatchMoments?, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> Cache {
    let (normalized, statistics) = normalization.view(input, moments, pass)
    let (_, cache) = convolution.forward(normalized.rectified, grid, into: memory, pass)
    return Cache(convolution: cache, statistics: statistics)
  }

  /// Adds the gradients of the parameters, and to the gradient of the channels what reaches them while the batch's
  /// moments are held fixed. Once all layers have added theirs, `BatchMoments.passOn` adds what the moments pass on.
  /// - Parameters:
  ///   - gradient: the gradient of the output, outputs × (objectives · columns).
  ///   - channels: the gradient of the channels, inputs × (objectives · columns).
  func backward(_ gradient: MatrixView, cache: Cache, addingTo channels: MatrixView, _ pass: BackwardPass) {
    convolution.backward(gradient, cache: cache.convolution, into: nil, pass)
    let view = cache.convolution.input
    let centres = cache.statistics.centres
    let pieces = self.pieces(columns: view.columns, pass)
    let rows = pass.objectives * inputs
    let weights = pass.matrix(convolution.weight)
    let precision = pass.precision
    let sums = [Double](filling: 2 * rows * pass.units.count) { sums in
      ThreadTeam.shared.run(pieces.count) { index in
        let piece = pieces[index]
        let room = Matrix(rows: Self.mostRows, columns: Self.mostColumns)
        for columns in piece.panels {
          let start = piece.objective * view.columns + columns.lowerBound
          let product = MatrixView(
            room.pointer, rows: piece.rows.count, columns: columns.count, owner: room.buffer)
          multiply(
            transposed: weights.columns(piece.rows), gradient.columns(start..<start + columns.count), into: product,
            precision: precision)
          for (index, channel) in piece.rows.enumerated() {
            var (sum, weighted) = (0.0, 0.0)
            ck_affine_relu_backward_sums(
              product.row(index), view.values.row(channel) + columns.lowerBound, channels.row(channel) + start,
              columns.count, centres[channel], view.scales[channel], view.shifts[channel], &sum, &weighted)
            let at = 2 * (piece.unit * rows + piece.objective * inputs + channel)
            sums[at] += sum
            sums[at + 1] += weighted
          }
        }
      }
    }
    normalization.addGradients(cache.statistics.standardised(sums), pass)
  }

  /// The most rows and columns of a product that stays in the second-level cache until it has been added.
  private static let (mostRows, mostColumns) = (96, 1536)

  /// Some of the channels in a unit's columns: what a thread does at a time.
  private struct Piece: Sendable {
    let objective: Int
    let unit: Int
    let rows: Range<Int>
    /// The columns by which the piece is computed, in the order in which their sums are added. The unit alone decides
    /// them, because sums of other columns would round differently.
    let panels: [Range<Int>]
  }

  private func pieces(columns: Int, _ pass: BackwardPass) -> [Piece] {
    let units = pass.units.ranges(of: columns).map { Self.parts(of: $0, most: Self.mostColumns) }
    let rows = Self.parts(of: 0..<inputs, most: Self.mostRows)
    return (0..<pass.objectives).flatMap { objective in
      units.enumerated().flatMap { unit, panels in
        rows.map { Piece(objective: objective, unit: unit, rows: $0, panels: panels) }
      }
    }
  }

  /// Parts of nearly equal lengths, in order.
  private static func parts(of range: Range<Int>, most: Int) -> [Range<Int>] {
    let count = (range.count + most - 1) / most
    return (0..<count).map {
      range.lowerBound + $0 * range.count / count..<range.lowerBound + ($0 + 1) * range.count / count
    }
  }
}

extension PreactivatedConvolution {
  func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    convolution.describe(graph.add("Relu", normalization.describe(input, in: &graph)), in: &graph)
  }
}
