import DistTrain

/// One rank whose started sums end when a test says so, or when they are waited for.
final class HeldLink: Communicator, @unchecked Sendable {
  /// The elements of each started sum.
  private(set) var started: [[Float]] = []
  private var sums: [HeldSum] = []
  private let base = SoleCommunicator()

  /// Started sums that neither ended nor were waited for.
  var unfinished: Int { sums.count { !$0.hasEnded } }

  /// Ends the first sums.
  func end(_ count: Int) {
    for sum in sums.prefix(count) { sum.hasEnded = true }
  }

  func startSum(_ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares) -> any PendingSum {
    started.append(values.flatMap { Array($0) })
    sums.append(HeldSum())
    return sums[sums.count - 1]
  }

  let rank = 0
  let size = 1

  func sum(_ values: [Double], width: Int, of terms: TermShares) -> [Double] {
    base.sum(values, width: width, of: terms)
  }

  func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>) {
    base.gather(own, counts: counts, into: all)
  }

  func gather(_ own: UnsafeBufferPointer<Double>, counts: [Int], into all: UnsafeMutableBufferPointer<Double>) {
    base.gather(own, counts: counts, into: all)
  }

  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) { base.broadcast(bytes, from: root) }

  func minimum(_ values: [Double]) -> [Double] { base.minimum(values) }

  func maximum(_ values: [Double]) -> [Double] { base.maximum(values) }

  func barrier() { base.barrier() }

  func gather(_ bytes: [UInt8]) -> [[UInt8]] { base.gather(bytes) }

  private final class HeldSum: PendingSum {
    var hasEnded = false

    func isDone() -> Bool { hasEnded }

    func wait() { hasEnded = true }
  }
}
