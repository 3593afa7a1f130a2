import DistTrain

/// The speed at which the cores compute products, the limit of what is made of them.
enum ProductRate {
  /// Operations a second of a square matrix times one of `columns` columns, on all threads of the rank.
  static func measure(size: Int, columns: Int) -> Double {
    let a = Matrix.zeros(rows: size, columns: size)
    let b = Matrix.zeros(rows: size, columns: columns)
    let c = Matrix.zeros(rows: size, columns: columns)
    let seconds = Seconds.median(rounds: 7) { multiply(a.view, b.view, into: c.view) }
    return Double(2 * size * size * columns) / seconds
  }
}
