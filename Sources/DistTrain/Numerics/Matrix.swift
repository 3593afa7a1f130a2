/// A row-major matrix of floats. Copies share their elements, because a matrix is a handle, as a pointer is.
///
/// The activations of a batch are one matrix, channels × (utterances · frames), utterance after utterance.
public struct Matrix: Sendable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  package let buffer: Buffer

  /// A matrix whose values are undefined.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    buffer = Buffer(count: rows * columns)
  }

  /// A matrix of the given values, row after row.
  public init(rows: Int, columns: Int, _ values: [Float]) {
    precondition(values.count == rows * columns, "\(rows) × \(columns) elements expected, not \(values.count)")
    self.init(rows: rows, columns: columns)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  /// A matrix of zeros.
  public static func zeros(rows: Int, columns: Int) -> Matrix {
    let matrix = Matrix(rows: rows, columns: columns)
    matrix.pointer.update(repeating: 0, count: matrix.count)
    return matrix
  }

  package var pointer: UnsafeMutablePointer<Float> { buffer.pointer }
  package var count: Int { rows * columns }
  /// The elements, row after row.
  public var values: [Float] { Array(elements) }
  package var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: pointer, count: count) }

  /// The first element of a row.
  package func row(_ index: Int) -> UnsafeMutablePointer<Float> { pointer + index * columns }

  /// The element of a row and a column.
  public subscript(row: Int, column: Int) -> Float {
    get { pointer[row * columns + column] }
    nonmutating set { pointer[row * columns + column] = newValue }
  }
}
