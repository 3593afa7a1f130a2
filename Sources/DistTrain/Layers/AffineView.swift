internal import CKernels

/// A view of a matrix whose rows are scaled and shifted as they are read, y[r] = a[r]·x[r] + c[r], or the sum of two
/// such views, or what a ReLU makes of either. A normalisation gives it to the layers after it, which scale, shift and
/// rectify as a part of their own work, so that its output is not stored.
public struct AffineView: Sendable {
  /// The values before scale and shift, channels × columns.
  package let values: MatrixView
  /// The scale a of each channel.
  package let scales: [Float]
  /// The shift c of each channel.
  package let shifts: [Float]
  /// Whether the view is the values themselves.
  let isPlain: Bool
  /// The second matrix of a sum, of the same shape as the values, and the scales of its rows. Its shifts are part of
  /// `shifts`.
  private let addend: (values: MatrixView, scales: [Float])?
  /// Whether a ReLU follows scale and shift, y[r] = max(a[r]·x[r] + c[r], 0).
  let isRectified: Bool

  /// A view of a matrix as it is.
  public init(_ values: MatrixView) {
    self.values = values
    scales = Array(repeating: 1, count: values.rows)
    shifts = Array(repeating: 0, count: values.rows)
    isPlain = true
    addend = nil
    isRectified = false
  }

  /// A view that scales and shifts the rows of a matrix.
  /// - Parameters:
  ///   - values: the values before scale and shift, channels × columns.
  ///   - scales: the scale of each channel.
  ///   - shifts: the shift of each channel.
  public init(_ values: MatrixView, scales: [Float], shifts: [Float]) {
    self.init(values, scales: scales, shifts: shifts, addend: nil, isRectified: false)
  }

  private init(
    _ values: MatrixView, scales: [Float], shifts: [Float], addend: (values: MatrixView, scales: [Float])?,
    isRectified: Bool
  ) {
    precondition(scales.count == values.rows && shifts.count == values.rows, "a scale and a shift for each row")
    self.values = values
    self.scales = scales
    self.shifts = shifts
    self.addend = addend
    self.isRectified = isRectified
    isPlain = false
  }

  var rows: Int { values.rows }
  var columns: Int { values.columns }
  /// Whether the view is one matrix scaled and shifted, so that a layer may do both in work of its own.
  var isAffine: Bool { addend == nil && !isRectified }
  /// The view after a ReLU.
  package var rectified: AffineView {
    AffineView(values, scales: scales, shifts: shifts, addend: addend, isRectified: true)
  }

  /// A view of some of the channels.
  package func rows(_ range: Range<Int>) -> AffineView {
    if isPlain { return AffineView(values.rows(range)) }
    return AffineView(
      values.rows(range), scales: Array(scales[range]), shifts: Array(shifts[range]),
      addend: addend.map { ($0.values.rows(range), Array($0.scales[range])) }, isRectified: isRectified)
  }

  /// The sum of two views, each of which is one matrix scaled and shifted.
  package static func + (left: AffineView, right: AffineView) -> AffineView {
    precondition(left.isAffine && right.isAffine, "a sum is of two matrices, each scaled and shifted")
    precondition(left.rows == right.rows && left.columns == right.columns, "a sum's shapes must fit")
    return AffineView(
      left.values, scales: left.scales, shifts: zip(left.shifts, right.shifts).map(+),
      addend: (right.values, right.scales), isRectified: false)
  }

  /// Turns a row of G·xᵀ, for some of the channels of x, into that row of G·(a∘x + c)ᵀ.
  /// - Parameter sum: the sum of the row of G.
  func complete(_ product: UnsafeMutablePointer<Float>, channels: Range<Int>, sum: Float) {
    scales.withUnsafeBufferPointer { scales in
      shifts.withUnsafeBufferPointer { shifts in
        ck_affine_factor(
          product, scales.baseAddress! + channels.lowerBound, shifts.baseAddress! + channels.lowerBound, sum,
          channels.count)
      }
    }
  }

  /// Writes some of the columns of a row.
  func write(row: Int, columns: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let source = values.row(row) + columns.lowerBound
    if let addend {
      let write = isRectified ? ck_affine_sum_relu : ck_affine_sum
      write(
        source, addend.values.row(row) + columns.lowerBound, target, columns.count, scales[row], addend.scales[row],
        shifts[row])
    } else if isPlain {
      target.update(from: source, count: columns.count)
    } else {
      let write = isRectified ? ck_affine_relu : ck_affine
      write(source, target, columns.count, scales[row], shifts[row])
    }
  }

  /// Some of the rows and columns as a right factor of products, without a copy; nil where the view is of two matrices.
  func factor(rows: Range<Int>, columns: Range<Int>) -> RightFactor? {
    guard addend == nil else { return nil }
    return RightFactor(
      values.rows(rows).columns(columns), scales: Array(scales[rows]), shifts: Array(shifts[rows]),
      rectified: isRectified)
  }

  /// A row as the kernels of Winograd's filtering read it.
  func channel(_ row: Int) -> ck_channel {
    ck_channel(
      x: values.row(row), z: addend.map { UnsafePointer($0.values.row(row)) }, a: scales[row],
      b: addend?.scales[row] ?? 0, c: shifts[row], rectified: isRectified ? 1 : 0)
  }

  /// The sum of some of the columns of a row, of a view of one matrix.
  package func sum(row: Int, columns: Range<Int>) -> Double {
    precondition(addend == nil, "sums are of views of one matrix")
    let count = columns.count
    let first = values.row(row) + columns.lowerBound
    if isRectified { return ck_affine_relu_sum(first, count, scales[row], shifts[row]) }
    let sum = ck_sum(first, count)
    return isPlain ? sum : Double(scales[row]) * sum + Double(shifts[row]) * Double(count)
  }

  /// Writes the whole view. The target may be the memory of the values.
  func write(to target: MatrixView) {
    inParallel(rows) { row in write(row: row, columns: 0..<columns, to: target.row(row)) }
  }

  /// The elements as they are read, without a copy if the view is plain.
  var plain: MatrixView { isPlain ? values : stored().view }

  /// A copy of the elements as they are read, channels × columns.
  public func stored() -> Matrix {
    let matrix = Matrix(rows: rows, columns: columns)
    write(to: matrix.view)
    return matrix
  }
}
