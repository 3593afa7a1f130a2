import Foundation

/// The ranks of a job and what they do together. Alone it is the identity, so that nobody asks for its size.
///
/// All ranks call the same operations in the same order with the same counts, one thread at a time. An operation that
/// fails or waits longer than the communicator's limit names itself and the missing ranks and ends the job: nothing here
/// throws. Two buffers of one call never overlap.
package protocol Communicator: AnyObject, Sendable {
  /// This process's number, 0 ..< size.
  var rank: Int { get }
  var size: Int { get }
  /// The name of each rank's host.
  var hosts: [String] { get }

  /// Adds the buffers of all ranks, element by element, in place; every rank gets the same bits.
  func sum(_ values: UnsafeMutableBufferPointer<Float>)
  func sum(_ values: UnsafeMutableBufferPointer<Double>)
  /// Begins a sum that goes on while the program does something else, other operations included; the bits are those of
  /// `sum`. Its elements are its own until it is done, and it has to be waited for.
  func startSum(_ values: UnsafeMutableBufferPointer<Float>) -> any PendingSum
  /// The rows of all ranks in the order of ranks; `counts[r]` elements come from rank r, and `counts[rank]` are in `own`.
  func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>)
  /// Sums `all` over ranks and leaves rank r with its `counts[r]` elements of the sum, the bits that `sum` gives.
  func reduceScatter(_ all: UnsafeBufferPointer<Float>, counts: [Int], into own: UnsafeMutableBufferPointer<Float>)
  /// Rank `root`'s bytes, on every rank.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int)
  /// The smallest of all ranks' values, place by place; not a number where any rank's is not one.
  func minimum(_ values: [Double]) -> [Double]
  /// The largest of all ranks' values, place by place; not a number where any rank's is not one.
  func maximum(_ values: [Double]) -> [Double]
  func barrier()
  /// Says what the ranks do from now on, such as `step 12`: the line about missing ranks tells it.
  func announce(_ activity: String)
  /// The bytes of every rank, on every rank; lengths may differ.
  func gather(_ bytes: [UInt8]) -> [[UInt8]]

  /// Ends all ranks with the failure's status, after one line on standard error with its rank, host and cause. For a
  /// failure that other ranks may not share; see `agree` for one that all can learn of in order.
  func abort(_ failure: Failure) -> Never
}

extension Communicator {
  /// Nobody is missed where nobody waits.
  package func announce(_ activity: String) {}

  /// Sums at once: right where nothing can go on by itself.
  package func startSum(_ values: UnsafeMutableBufferPointer<Float>) -> any PendingSum {
    sum(values)
    return FinishedSum()
  }

  package var hosts: [String] { Array(repeating: hostName(), count: size) }

  package func abort(_ failure: Failure) -> Never {
    Job.report(line(failure.message, rank: rank))
    exit(failure.status.rawValue)
  }

  /// What a reader of the terminal sees of a message: the program, then the rank and host where there are several ranks.
  package func line(_ message: String, rank: Int) -> String {
    size == 1 ? "svdist: \(message)" : "svdist: rank \(rank) on \(hosts[rank]): \(message)"
  }
}
