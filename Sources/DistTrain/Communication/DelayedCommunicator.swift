import Foundation

/// A communicator whose started sums take longer, as over a slower network: each occupies the link for a while, one
/// after the other. Tests and benchmarks see by it what is hidden behind computation.
///
/// Unchecked: its rank calls it from one thread at a time, as it does the communicator beneath.
package final class DelayedCommunicator: Communicator, @unchecked Sendable {
  /// The seconds for which a sum occupies the link.
  package var delay: Double
  /// Whether a started sum goes on beside the program; if not, starting it waits until it is done.
  package var overlaps: Bool
  private let base: any Communicator
  /// The time at which the link is free again, in seconds of the monotonic clock.
  private var free = 0.0

  package init(_ base: any Communicator, delay: Double, overlaps: Bool = true) {
    self.base = base
    self.delay = delay
    self.overlaps = overlaps
  }

  package func startSum(_ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares) -> any PendingSum {
    let sum = base.startSum(values, of: terms)
    free = max(free, monotonicSeconds()) + delay
    let delayed = DelayedSum(sum, until: free)
    if !overlaps { delayed.wait() }
    return delayed
  }

  package var rank: Int { base.rank }
  package var size: Int { base.size }
  package var hosts: [String] { base.hosts }

  package func sum(_ values: [Double], width: Int, of terms: TermShares) -> [Double] {
    base.sum(values, width: width, of: terms)
  }

  package func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>) {
    base.gather(own, counts: counts, into: all)
  }

  package func gather(_ own: UnsafeBufferPointer<Double>, counts: [Int], into all: UnsafeMutableBufferPointer<Double>) {
    base.gather(own, counts: counts, into: all)
  }

  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) { base.broadcast(bytes, from: root) }

  package func minimum(_ values: [Double]) -> [Double] { base.minimum(values) }

  package func maximum(_ values: [Double]) -> [Double] { base.maximum(values) }

  package func barrier() { base.barrier() }

  package func announce(_ activity: String) { base.announce(activity) }

  package func gather(_ bytes: [UInt8]) -> [[UInt8]] { base.gather(bytes) }

  package func abort(_ failure: Failure) -> Never { base.abort(failure) }

  private final class DelayedSum: PendingSum {
    private let base: any PendingSum
    private let end: Double

    init(_ base: any PendingSum, until end: Double) {
      self.base = base
      self.end = end
    }

    func isDone() -> Bool { base.isDone() && monotonicSeconds() >= end }

    func wait() {
      base.wait()
      Thread.sleep(forTimeInterval: max(0, end - monotonicSeconds()))
    }
  }
}
