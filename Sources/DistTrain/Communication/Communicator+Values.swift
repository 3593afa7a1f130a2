import Foundation

/// The operations on Swift's values.
extension Communicator {
  /// Adds the matrices of all ranks in place: one term a rank, in the order of the tree.
  package func sum(_ matrix: Matrix) {
    sum(matrix.elements)
  }

  package func sum(_ values: UnsafeMutableBufferPointer<Float>) {
    startSum([values], of: .ranks(size)).wait()
  }

  package func sum(_ values: inout [Float]) {
    values.withUnsafeMutableBufferPointer { sum($0) }
  }

  package func sum(_ values: inout [Double]) {
    values = sum(values, width: values.count, of: .ranks(size))
  }

  package func sum(_ value: Double) -> Double {
    var values = [value]
    sum(&values)
    return values[0]
  }

  package func minimum(_ value: Double) -> Double { minimum([value])[0] }

  package func maximum(_ value: Double) -> Double { maximum([value])[0] }

  /// The rows of all ranks, rank after rank: `rows[r]` rows of rank r, as many columns everywhere.
  package func gather(_ own: Matrix, rows: [Int]) -> Matrix {
    precondition(own.rows == rows[rank], "rank \(rank) promised \(rows[rank]) rows and has \(own.rows)")
    let all = Matrix(rows: rows.reduce(0, +), columns: own.columns)
    gather(UnsafeBufferPointer(own.elements), counts: rows.map { $0 * own.columns }, into: all.elements)
    return all
  }

  /// The values of all ranks, rank after rank: `counts[r]` of rank r.
  package func gather(_ own: [Float], counts: [Int]) -> [Float] {
    var all = [Float](repeating: 0, count: counts.reduce(0, +))
    own.withUnsafeBufferPointer { own in all.withUnsafeMutableBufferPointer { gather(own, counts: counts, into: $0) } }
    return all
  }

  package func gather(_ own: [Double], counts: [Int]) -> [Double] {
    var all = [Double](repeating: 0, count: counts.reduce(0, +))
    own.withUnsafeBufferPointer { own in all.withUnsafeMutableBufferPointer { gather(own, counts: counts, into: $0) } }
    return all
  }

  /// Makes the elements those of rank `root`.
  package func broadcast(_ matrix: Matrix, from root: Int = 0) {
    broadcast(UnsafeMutableRawBufferPointer(matrix.elements), from: root)
  }

  /// Rank `root`'s value: a number, or a structure of numbers without pointers.
  package func broadcast<Value: BitwiseCopyable>(_ value: Value, from root: Int = 0) -> Value {
    var value = value
    withUnsafeMutableBytes(of: &value) { broadcast($0, from: root) }
    return value
  }

  /// Rank `root`'s bytes, whose number only it knows; the other ranks' argument is not read.
  package func broadcast(_ bytes: [UInt8], from root: Int = 0) -> [UInt8] {
    let count = broadcast(bytes.count, from: root)
    var result = rank == root ? bytes : [UInt8](repeating: 0, count: count)
    result.withUnsafeMutableBytes { broadcast($0, from: root) }
    return result
  }

  /// Rank `root`'s text; the other ranks' argument is not read.
  package func broadcast(_ text: String, from root: Int = 0) -> String {
    String(decoding: broadcast(Array(text.utf8), from: root), as: UTF8.self)
  }

  /// The texts of all ranks, in their order.
  package func gather(_ text: String) -> [String] {
    gather(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Every rank's value, on every rank, by way of JSON.
  func gatherValues<Value: Codable>(_ own: Value) -> [Value] {
    do {
      let text = String(decoding: try JSONEncoder().encode(own), as: UTF8.self)
      return try gather(text).map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    } catch {
      preconditionFailure("a value that does not travel as JSON: \(error)")
    }
  }

  /// The text that the hosts of the job make: `4 ranks on 2 hosts`.
  package var census: String {
    let machines = Set(hosts).count
    return "\(size) \(size == 1 ? "rank" : "ranks") on \(machines) \(machines == 1 ? "host" : "hosts")"
  }
}
