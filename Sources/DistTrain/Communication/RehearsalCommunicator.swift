import Foundation

/// Rank 0 of a job whose other ranks are not there. It computes what rank 0 computes among so many, on values that stand
/// for those of the others, and keeps a record of what would be sent: for plans of jobs that are larger than a machine.
///
/// Each of the other ranks seems to have what this one has, so results are finite but mean nothing.
///
/// Unchecked: its rank calls it from one thread at a time.
package final class RehearsalCommunicator: Communicator, @unchecked Sendable {
  package let rank = 0
  package let size: Int
  /// What was sent since `forget`, in the order in which it began.
  package private(set) var operations: [RehearsedOperation] = []
  private var began = monotonicSeconds()
  private var scratch = Matrix(rows: 1, columns: 0)

  package init(size: Int) {
    precondition(size > 0, "a job has ranks")
    self.size = size
  }

  /// Begins the record, and its time, anew.
  package func forget() {
    operations = []
    began = monotonicSeconds()
  }

  package func startSum(_ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares) -> any PendingSum {
    if size == 1 { return FinishedSum() }
    // Each rank takes its slice of all terms and then sends round its slice of the sum.
    let slice = MemoryLayout<Float>.stride * values[0].count / size
    record([slice * terms.nodes[rank].count, slice], isStarted: true)
    add(values[0])
    return RehearsedSum(self, number: operations.count - 1)
  }

  /// Does the work of adding up a slice of all ranks' terms, which is about one addition for each element.
  private func add(_ values: UnsafeMutableBufferPointer<Float>) {
    if scratch.count < values.count { scratch = Matrix.zeros(rows: 1, columns: values.count) }
    guard let source = values.baseAddress else { return }
    MatrixView(source, rows: 1, columns: values.count).add(to: scratch.columns(0..<values.count))
  }

  package func sum(_ values: [Double], width: Int, of terms: TermShares) -> [Double] {
    record([MemoryLayout<Double>.stride * values.count])
    let nodes = terms.nodes[rank].count
    return (0..<width).map { place in
      (0..<nodes).reduce(0) { $0 + values[$1 * width + place] } * Double(size)
    }
  }

  package func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>) {
    fill(own, counts: counts, into: all)
  }

  package func gather(_ own: UnsafeBufferPointer<Double>, counts: [Int], into all: UnsafeMutableBufferPointer<Double>) {
    fill(own, counts: counts, into: all)
  }

  private func fill<Element>(
    _ own: UnsafeBufferPointer<Element>, counts: [Int], into all: UnsafeMutableBufferPointer<Element>
  ) {
    record([MemoryLayout<Element>.stride * own.count])
    var start = 0
    for count in counts {
      for index in 0..<count { all[start + index] = own[index % own.count] }
      start += count
    }
  }

  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
    record([bytes.count])
  }

  package func minimum(_ values: [Double]) -> [Double] { extreme(values) }

  package func maximum(_ values: [Double]) -> [Double] { extreme(values) }

  private func extreme(_ values: [Double]) -> [Double] {
    record([MemoryLayout<Double>.stride * values.count])
    return values
  }

  package func barrier() {
    record([0])
  }

  package func gather(_ bytes: [UInt8]) -> [[UInt8]] {
    record([MemoryLayout<Double>.stride, bytes.count])
    return Array(repeating: bytes, count: size)
  }

  private func record(_ bytes: [Int], isStarted: Bool = false) {
    // One rank alone sends nothing.
    guard size > 1 else { return }
    let now = monotonicSeconds() - began
    operations.append(RehearsedOperation(bytes: bytes, begins: now, needed: isStarted ? .infinity : now))
  }

  fileprivate func need(_ number: Int) {
    guard operations.indices.contains(number), operations[number].needed == .infinity else { return }
    operations[number].needed = monotonicSeconds() - began
  }
}

/// What a rank sends in one operation.
package struct RehearsedOperation: Sendable, Equatable {
  /// The bytes that go to each of the other ranks, in one round after the other.
  package var bytes: [Int]
  /// The seconds of computation before it.
  package var begins: Double
  /// The seconds of computation before its result is waited for, which is at once but for sums that were started;
  /// infinite where nobody waited.
  package var needed: Double

  package init(bytes: [Int], begins: Double, needed: Double) {
    self.bytes = bytes
    self.begins = begins
    self.needed = needed
  }

  /// The operation of a rank that computes so many times as long.
  package func slowed(by factor: Double) -> RehearsedOperation {
    RehearsedOperation(bytes: bytes, begins: begins * factor, needed: needed * factor)
  }
}

/// A sum that is under way until somebody waits for it.
private final class RehearsedSum: PendingSum {
  private let communicator: RehearsalCommunicator
  private let number: Int

  init(_ communicator: RehearsalCommunicator, number: Int) {
    self.communicator = communicator
    self.number = number
  }

  func isDone() -> Bool { false }

  func wait() { communicator.need(number) }
}
