import COpenBLAS
import DistTrain
import Foundation

/// A product of a step on operands of its own.
struct TimedProduct {
  let shape: ProductShape
  private let a: MatrixView
  private let b: MatrixView
  private let c: MatrixView
  private var own: [Double] = []
  private var library: [Double] = []

  init(_ shape: ProductShape) {
    self.shape = shape
    func operand(_ rows: Int, _ columns: Int, stride: Int) -> MatrixView {
      let matrix = Matrix(rows: rows, columns: stride)
      for index in 0..<matrix.count { matrix.pointer[index] = Float(index % 251) / 251 - 0.5 }
      return matrix.columns(0..<columns)
    }
    let (rows, columns, inner) = (shape.rows, shape.columns, shape.inner)
    a = operand(shape.turnsA ? inner : rows, shape.turnsA ? rows : inner, stride: shape.strideOfA)
    b = operand(shape.turnsB ? columns : inner, shape.turnsB ? inner : columns, stride: shape.strideOfB)
    c = operand(rows, columns, stride: shape.strideOfC)
  }

  /// Measures a quarter of a GFLOP, or one product, once more.
  mutating func measure(usesLibrary: Bool) {
    let calls = max(1, (1 << 28) / shape.operations)
    if own.isEmpty { multiplyHere() }
    own.append(Seconds.of { for _ in 0..<calls { multiplyHere() } } / Double(calls))
    guard usesLibrary && shape.precision == .single else { return }
    library.append(Seconds.of { for _ in 0..<calls { multiplyByLibrary() } } / Double(calls))
  }

  /// The seconds of one product in the faster way.
  var seconds: Double {
    min(Seconds.median(own), library.isEmpty ? .infinity : Seconds.median(library))
  }

  /// Operations a second.
  var rate: Double { Double(shape.operations) / seconds }

  /// - Parameter limit: operations a second that the machine gives.
  func line(count: Int, limit: Double) -> String {
    let text = shape.turnsA ? "aᵀ·b" : shape.turnsB ? "a·bᵀ" : "a·b"
    let rates = [own, library].map { $0.isEmpty ? 0 : Double(shape.operations) / Seconds.median($0) / 1e9 }
    return String(
      format:
        "%5d × %5d × %5d  %@  %4d times  %7.2f GFLOP %7.1f MB  svdist %4.0f, OpenBLAS %4.0f GFLOP/s, %.2f of the fastest",
      shape.rows, shape.columns, shape.inner, text, count, Double(shape.operations * count) / 1e9,
      Double(shape.bytes * count) / 1e6, rates[0], rates[1], rate / limit)
  }

  private func multiplyHere() {
    switch (shape.turnsA, shape.turnsB) {
    case (true, _): multiply(transposed: a, b, into: c, adding: shape.adding, precision: shape.precision)
    case (_, true): multiply(a, transposed: b, into: c, adding: shape.adding, precision: shape.precision)
    default: multiply(a, b, into: c, adding: shape.adding, precision: shape.precision)
    }
  }

  private func multiplyByLibrary() {
    cblas_sgemm(
      CblasRowMajor, shape.turnsA ? CblasTrans : CblasNoTrans, shape.turnsB ? CblasTrans : CblasNoTrans,
      blasint(shape.rows), blasint(shape.columns), blasint(shape.inner), 1, a.pointer, blasint(a.stride), b.pointer,
      blasint(b.stride), shape.adding ? 1 : 0, c.pointer, blasint(c.stride))
  }
}
