import Foundation

/// The operations on Swift's own types.
extension Communicator {
  /// Adds the matrices of all ranks element by element, in place: one term a rank, in the order of the tree.
  package func sum(_ matrix: Matrix) {
    sum(matrix.elements)
  }

  /// Adds the values of all ranks element by element, in place.
  package func sum(_ values: UnsafeMutableBufferPointer<Float>) {
    startSum([values], of: .ranks(size)).wait()
  }

  /// Adds the values of all ranks element by element, in place.
  package func sum(_ values: inout [Float]) {
    values.withUnsafeMutableBufferPointer { sum($0) }
  }

  /// Adds the values of all ranks element by element, in place.
  package func sum(_ values: inout [Double]) {
    values = sum(values, width: values.count, of: .ranks(size))
  }

  /// The sum of all ranks' values.
  package func sum(_ value: Double) -> Double {
    var values = [value]
    sum(&values)
    return values[0]
  }

  /// The smallest of all ranks' values.
  package func minimum(_ value: Double) -> Double { minimum([value])[0] }

  /// The largest of all ranks' values.
  package func maximum(_ value: Double) -> Double { maximum([value])[0] }

  /// The rows of all ranks, rank after rank: `rows[r]` rows come from rank r, and all ranks have the same number of
  /// columns.
  package func gather(_ own: Matrix, rows: [Int]) -> Matrix {
    precondition(own.rows == rows[rank], "rank \(rank) promised \(rows[rank]) rows and has \(own.rows)")
    let all = Matrix(rows: rows.reduce(0, +), columns: own.columns)
    gather(UnsafeBufferPointer(own.elements), counts: rows.map { $0 * own.columns }, into: all.elements)
    return all
  }

  /// The values of all ranks, rank after rank: `counts[r]` come from rank r.
  package func gather(_ own: [Float], counts: [Int]) -> [Float] {
    var all = [Float](repeating: 0, count: counts.reduce(0, +))
    own.withUnsafeBufferPointer { own in all.withUnsafeMutableBufferPointer { gather(own, counts: counts, into: $0) } }
    return all
  }

  /// The values of all ranks, rank after rank: `counts[r]` come from rank r.
  package func gather(_ own: [Double], counts: [Int]) -> [Double] {
    var all = [Double](repeating: 0, count: counts.reduce(0, +))
    own.withUnsafeBufferPointer { own in all.withUnsafeMutableBufferPointer { gather(own, counts: counts, into: $0) } }
    return all
  }

  /// Gives the matrix the elements of rank `root`'s matrix.
  package func broadcast(_ matrix: Matrix, from root: Int = 0) {
    broadcast(UnsafeMutableRawBufferPointer(matrix.elements), from: root)
  }

  /// The value of rank `root`, which is a number or a structure of numbers without pointers.
  package func broadcast<Value: BitwiseCopyable>(_ value: Value, from root: Int = 0) -> Value {
    var value = value
    withUnsafeMutableBytes(of: &value) { broadcast($0, from: root) }
    return value
  }

  /// The bytes of rank `root`, which alone knows their number; the other ranks' argument is not read.
  package func broadcast(_ bytes: [UInt8], from root: Int = 0) -> [UInt8] {
    let count = broadcast(bytes.count, from: root)
    var result = rank == root ? bytes : [UInt8](repeating: 0, count: count)
    result.withUnsafeMutableBytes { broadcast($0, from: root) }
    return result
  }

  /// The text of rank `root`; the other ranks' argument is not read.
  package func broadcast(_ text: String, from root: Int = 0) -> String {
    String(decoding: broadcast(Array(text.utf8), from: root), as: UTF8.self)
  }

  /// The texts of all ranks, in the order of ranks.
  package func gather(_ text: String) -> [String] {
    gather(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The values of all ranks, in the order of ranks, sent as JSON.
  func gatherValues<Value: Codable>(_ own: Value) -> [Value] {
    do {
      let text = String(decoding: try JSONEncoder().encode(own), as: UTF8.self)
      return try gather(text).map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    } catch {
      preconditionFailure("a value that does not travel as JSON: \(error)")
    }
  }

  /// The size of the job in words, such as `4 ranks on 2 hosts`.
  package var census: String {
    let machines = Set(hosts).count
    return "\(size.counted("rank")) on \(machines.counted("host"))"
  }
}
