/// The gradient of a convolution's output, with which the gradient of its weights is made: a term for each unit of the
/// batch, in which the objectives' rows follow one another (`WeightSums`).
struct OutputGradient: Sendable {
  /// The gradient, outputs × (objectives · columns).
  private let values: MatrixView
  /// The number of columns of one objective.
  private let columns: Int
  let objectives: Int
  /// The utterances of each unit, or the lines.
  private let units: [Range<Int>]

  init(_ values: MatrixView, columns: Int, objectives: Int, units: [Range<Int>]) {
    precondition(values.columns == objectives * columns, "\(values.columns) columns for \(objectives) of \(columns)")
    self.values = values
    self.columns = columns
    self.objectives = objectives
    self.units = units
  }

  var outputs: Int { values.rows }

  /// An objective's gradient, outputs × columns.
  subscript(objective: Int) -> MatrixView { values.columns(objective * columns..<(objective + 1) * columns) }

  /// The rows of an objective in a unit's term.
  func rows(of objective: Int) -> Range<Int> { objective * outputs..<(objective + 1) * outputs }

  /// Writes the products of some columns of all objectives with what the kernel read there.
  /// - Parameters:
  ///   - columns: columns of one objective.
  ///   - read: what the weights were multiplied with, their columns × these columns.
  ///   - term: takes the products, objectives · outputs rows of the weights' columns.
  ///   - adding: whether the products are added to the values in their memory.
  func writeProducts(
    of columns: Range<Int>, with read: MatrixView, to term: Matrix, adding: Bool, precision: Precision
  ) {
    for objective in 0..<objectives {
      multiply(
        self[objective].columns(columns), transposed: read, into: term.rows(rows(of: objective)), adding: adding,
        precision: precision)
    }
  }

  /// Sums the terms of each node's units, a slice of the weights' columns at a time.
  /// - Parameter write: writes the term of a unit, which is given by its utterances or lines.
  func sums(
    slices: [Range<Int>], nodes: [Range<Int>],
    _ write: @Sendable (_ slice: Int, _ unit: Range<Int>, _ term: Matrix) -> Void
  ) -> WeightSums {
    WeightSums(outputs: outputs, objectives: objectives, slices: slices, nodes: nodes) { slice, unit, term in
      write(slice, units[unit], term)
    }
  }

  /// Sums the terms of each node's units, some channels of the input at a time, or all of them.
  /// - Parameters:
  ///   - taps: the columns of the weights that belong to a channel.
  ///   - write: writes the term of a unit, which is given by its utterances or lines.
  func sums(
    channels: Int, taps: Int, nodes: [Range<Int>],
    _ write: @Sendable (_ channels: Range<Int>, _ unit: Range<Int>, _ term: Matrix) -> Void
  ) -> WeightSums {
    WeightSums(
      outputs: outputs, objectives: objectives, channels: channels, taps: taps, units: units.count, nodes: nodes
    ) { unit, channels, term in
      write(channels, units[unit], term)
    }
  }
}
