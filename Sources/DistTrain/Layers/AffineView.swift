internal import CKernels

/// Rows that are scaled and shifted when they are read, y[r] = a[r]·x[r] + c[r], or a sum of two such: what a normalisation
/// gives to the layers after it, which carry it out in work of their own, so that its output is not stored.
public struct AffineView: Sendable {
  /// channels × columns.
  package let values: MatrixView
  /// By channel.
  package let scales: [Float]
  package let shifts: [Float]
  /// Whether it is the values themselves.
  let isPlain: Bool
  /// Another matrix of the same shape, and what each of its rows counts.
  private let addend: (values: MatrixView, scales: [Float])?

  /// A matrix as it is.
  public init(_ values: MatrixView) {
    self.values = values
    scales = Array(repeating: 1, count: values.rows)
    shifts = Array(repeating: 0, count: values.rows)
    isPlain = true
    addend = nil
  }

  /// - Parameters:
  ///   - values: channels × columns.
  ///   - scales: by channel, as the shifts are.
  public init(_ values: MatrixView, scales: [Float], shifts: [Float]) {
    self.init(values, scales: scales, shifts: shifts, addend: nil)
  }

  private init(
    _ values: MatrixView, scales: [Float], shifts: [Float], addend: (values: MatrixView, scales: [Float])?
  ) {
    precondition(scales.count == values.rows && shifts.count == values.rows, "a scale and a shift for each row")
    self.values = values
    self.scales = scales
    self.shifts = shifts
    self.addend = addend
    isPlain = false
  }

  var rows: Int { values.rows }
  var columns: Int { values.columns }
  /// Whether it reads two matrices.
  var isSum: Bool { addend != nil }

  /// A view of some of the channels.
  package func rows(_ range: Range<Int>) -> AffineView {
    if isPlain { return AffineView(values.rows(range)) }
    return AffineView(
      values.rows(range), scales: Array(scales[range]), shifts: Array(shifts[range]),
      addend: addend.map { ($0.values.rows(range), Array($0.scales[range])) })
  }

  /// The sum of two views of one matrix each.
  package static func + (left: AffineView, right: AffineView) -> AffineView {
    precondition(!left.isSum && !right.isSum, "a view reads two matrices at the most")
    precondition(left.rows == right.rows && left.columns == right.columns, "a sum's shapes must fit")
    return AffineView(
      left.values, scales: left.scales, shifts: zip(left.shifts, right.shifts).map(+),
      addend: (right.values, right.scales))
  }

  /// Makes a row of G·xᵀ, for some of the channels of x, one of G·(a∘x + c)ᵀ.
  /// - Parameter sum: of G's row.
  func complete(_ product: UnsafeMutablePointer<Float>, channels: Range<Int>, sum: Float) {
    scales.withUnsafeBufferPointer { scales in
      shifts.withUnsafeBufferPointer { shifts in
        ck_affine_factor(
          product, scales.baseAddress! + channels.lowerBound, shifts.baseAddress! + channels.lowerBound, sum,
          channels.count)
      }
    }
  }

  /// Writes a part of a row.
  func write(row: Int, columns: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let source = values.row(row) + columns.lowerBound
    if let addend {
      ck_affine_sum(
        source, addend.values.row(row) + columns.lowerBound, target, columns.count, scales[row], addend.scales[row],
        shifts[row])
    } else if isPlain {
      target.update(from: source, count: columns.count)
    } else {
      ck_affine(source, target, columns.count, scales[row], shifts[row])
    }
  }

  /// Writes all of it; the target may be the values' own memory.
  func write(to target: MatrixView) {
    inParallel(rows) { row in write(row: row, columns: 0..<columns, to: target.row(row)) }
  }

  /// Its elements as they are read, without a copy where they lie so.
  var plain: MatrixView { isPlain ? values : stored().view }

  /// A copy, channels × columns.
  public func stored() -> Matrix {
    let matrix = Matrix(rows: rows, columns: columns)
    write(to: matrix.view)
    return matrix
  }
}
