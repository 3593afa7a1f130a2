import DistTrain

/// A rank that notes the bytes of what it sends to each other rank, operation by operation.
final class SendingCommunicator: Communicator, @unchecked Sendable {
  private(set) var bytes: [[Int]] = []
  private let base: any Communicator

  init(_ base: any Communicator) { self.base = base }

  func forget() { bytes = [] }

  func startSum(_ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares) -> any PendingSum {
    let slice = 4 * values[0].count / size
    bytes.append([slice * terms.nodes[rank].count, slice])
    return base.startSum(values, of: terms)
  }

  var rank: Int { base.rank }
  var size: Int { base.size }

  func sum(_ values: [Double], width: Int, of terms: TermShares) -> [Double] {
    bytes.append([8 * values.count])
    return base.sum(values, width: width, of: terms)
  }

  func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>) {
    bytes.append([4 * own.count])
    base.gather(own, counts: counts, into: all)
  }

  func gather(_ own: UnsafeBufferPointer<Double>, counts: [Int], into all: UnsafeMutableBufferPointer<Double>) {
    bytes.append([8 * own.count])
    base.gather(own, counts: counts, into: all)
  }

  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
    self.bytes.append([bytes.count])
    base.broadcast(bytes, from: root)
  }

  func minimum(_ values: [Double]) -> [Double] {
    bytes.append([8 * values.count])
    return base.minimum(values)
  }

  func maximum(_ values: [Double]) -> [Double] {
    bytes.append([8 * values.count])
    return base.maximum(values)
  }

  func barrier() {
    bytes.append([0])
    base.barrier()
  }

  func gather(_ bytes: [UInt8]) -> [[UInt8]] {
    self.bytes.append([8, bytes.count])
    return base.gather(bytes)
  }
}
