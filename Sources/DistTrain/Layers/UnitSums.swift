internal import CKernels

/// The sums of a matrix's rows over the columns of each unit, for each objective.
struct UnitSums {
  private let rows: Int
  private let units: Int
  /// The sums by objective, unit and row.
  private let values: [Double]

  /// - Parameters:
  ///   - columns: the number of columns of one objective.
  ///   - sum: gives the sum of a row over a unit's columns. It is called once for each objective, row and unit, on any
  ///     thread.
  init(
    rows: Int, columns: Int, _ pass: BackwardPass,
    sum: @Sendable (_ objective: Int, _ row: Int, _ columns: Range<Int>) -> Double
  ) {
    let ranges = pass.units.ranges(of: columns)
    self.rows = rows
    units = ranges.count
    values = [Double](filling: pass.objectives * ranges.count * rows) { values in
      inParallel(pass.objectives * rows) { place in
        let (objective, row) = place.quotientAndRemainder(dividingBy: rows)
        for (unit, range) in ranges.enumerated() {
          values[(objective * ranges.count + unit) * rows + row] = sum(objective, row, range)
        }
      }
    }
  }

  /// The sums of a gradient's rows, rows × (objectives · columns).
  init(ofRows gradient: MatrixView, _ pass: BackwardPass) {
    let columns = gradient.columns / pass.objectives
    self.init(rows: gradient.rows, columns: columns, pass) { objective, row, unit in
      ck_sum(gradient.row(row) + objective * columns + unit.lowerBound, unit.count)
    }
  }

  /// Adds the sums to the gradients of a parameter with a number for each row, as a bias has.
  func add(to parameter: Parameter, _ pass: BackwardPass) {
    for objective in 0..<pass.objectives {
      pass.add(parameter, objective: objective) { Float(self[objective, $0, $1]) }
    }
  }

  subscript(objective: Int, unit: Int, row: Int) -> Double { values[(objective * units + unit) * rows + row] }
}
