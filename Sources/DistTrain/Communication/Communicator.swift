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

  /// Begins a sum, element by element, that goes on while the program does something else, other operations included. The
  /// bits are those of the tree, whoever has which terms. Its elements are its own until it is done, and it has to be waited
  /// for.
  /// - Parameter values: this rank's nodes, as many elements each; the first takes the sum. A rank without terms brings one,
  ///   whose values don't count.
  func startSum(_ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares) -> any PendingSum
  /// The sum of vectors of `width` numbers, in the order of the tree.
  /// - Parameter values: this rank's nodes, one after the other.
  func sum(_ values: [Double], width: Int, of terms: TermShares) -> [Double]
  /// The rows of all ranks in the order of ranks; `counts[r]` elements come from rank r, and `counts[rank]` are in `own`.
  func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>)
  func gather(_ own: UnsafeBufferPointer<Double>, counts: [Int], into all: UnsafeMutableBufferPointer<Double>)
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

  /// Ends all ranks with the status that `Job.run` has for the failure, after one line on standard error with its rank, host and cause. For a
  /// failure that other ranks may not share; see `agree` for one that all can learn of in order.
  func abort(_ failure: Failure) -> Never
}

extension Communicator {
  /// Nobody is missed where nobody waits.
  package func announce(_ activity: String) {}

  /// Sums at once: right where nothing can go on by itself.
  package func startSum(_ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares) -> any PendingSum {
    let width = values[0].count
    let own = terms.nodes[rank].indices.flatMap { Array(values[$0]) }
    let all = gather(own, counts: terms.nodes.map { $0.count * width })
    _ = values[0].update(fromContentsOf: terms.total(of: all, width: width))
    return FinishedSum()
  }

  package func sum(_ values: [Double], width: Int, of terms: TermShares) -> [Double] {
    Array(terms.total(of: gather(values, counts: terms.nodes.map { $0.count * width }), width: width))
  }

  package var hosts: [String] { Array(repeating: hostName(), count: size) }

  package func abort(_ failure: Failure) -> Never {
    Job.report(line(failure.message, rank: rank))
    exit(Job.exitStatus(of: failure.kind))
  }

  /// What a reader of the terminal sees of a message: the program, then the rank and host where there are several ranks.
  package func line(_ message: String, rank: Int) -> String {
    size == 1 ? "svdist: \(message)" : "svdist: rank \(rank) on \(hosts[rank]): \(message)"
  }
}

/// A sum over ranks that was started.
package protocol PendingSum: AnyObject {
  /// Moves it on and says whether it is done. Nothing else may move it: whoever started it looks now and then.
  func isDone() -> Bool
  /// Returns when it is done.
  func wait()
}

/// A sum that was done when it was started.
package final class FinishedSum: PendingSum {
  package init() {}

  package func isDone() -> Bool { true }

  package func wait() {}
}
