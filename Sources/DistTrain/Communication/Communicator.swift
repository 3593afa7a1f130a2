import Foundation

/// The ranks of a job and the operations that they perform together. For one rank alone every operation is the
/// identity, so that no caller needs to ask for the size.
///
/// All ranks call the same operations in the same order with the same counts, from one thread at a time. An operation
/// that fails, or waits longer than the communicator's limit, prints its own name and the missing ranks and ends the
/// job: nothing here throws. Two buffers of one call never overlap.
public protocol Communicator: AnyObject, Sendable {
  /// The number of this process, in 0 ..< size.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }
  /// The name of each rank's host.
  var hosts: [String] { get }

  /// Begins a sum, element by element, that goes on while the program does something else, other operations included.
  /// Its bits are those of the tree, whichever rank has which terms. Its buffers belong to the sum until it is done,
  /// and the caller must wait for it.
  /// - Parameter values: the sums of this rank's nodes, all with the same number of elements; the first buffer receives
  ///   the sum. A rank without terms brings one buffer, whose values do not count.
  func startSum(_ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares) -> any PendingSum
  /// The sum of vectors of `width` numbers, in the order of the tree.
  /// - Parameter values: the sums of this rank's nodes, `width` numbers each, one after the other.
  func sum(_ values: [Double], width: Int, of terms: TermShares) -> [Double]
  /// Gathers the elements of all ranks in the order of ranks: `counts[r]` come from rank r, and `own` holds
  /// `counts[rank]`.
  func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>)
  /// Gathers the elements of all ranks in the order of ranks: `counts[r]` come from rank r, and `own` holds
  /// `counts[rank]`.
  func gather(_ own: UnsafeBufferPointer<Double>, counts: [Int], into all: UnsafeMutableBufferPointer<Double>)
  /// Gives `bytes` on every rank the contents that they have on rank `root`.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int)
  /// The smallest of all ranks' values, place by place; not a number where the value of any rank is not one.
  func minimum(_ values: [Double]) -> [Double]
  /// The largest of all ranks' values, place by place; not a number where the value of any rank is not one.
  func maximum(_ values: [Double]) -> [Double]
  /// Waits until all ranks have called this.
  func barrier()
  /// Records what the ranks do from here on, such as `step 12`, for the line about missing ranks.
  func announce(_ activity: String)
  /// The bytes of all ranks, in the order of ranks; their numbers may differ.
  func gather(_ bytes: [UInt8]) -> [[UInt8]]

  /// Ends all ranks with the status that `Job.run` has for the failure, after one line on standard error with the rank,
  /// host and cause. It is meant for a failure that other ranks may not share; `agree` serves one that all ranks can
  /// learn of in order.
  func abort(_ failure: Failure) -> Never
}

extension Communicator {
  /// Does nothing, because where nobody waits nobody is missing.
  public func announce(_ activity: String) {}

  /// Sums at once, which is right where nothing can go on by itself.
  public func startSum(_ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares) -> any PendingSum {
    let width = values[0].count
    let own = terms.nodes[rank].indices.flatMap { Array(values[$0]) }
    let all = gather(own, counts: terms.nodes.map { $0.count * width })
    _ = values[0].update(fromContentsOf: terms.total(of: all, width: width))
    return FinishedSum()
  }

  public func sum(_ values: [Double], width: Int, of terms: TermShares) -> [Double] {
    Array(terms.total(of: gather(values, counts: terms.nodes.map { $0.count * width }), width: width))
  }

  public var hosts: [String] { Array(repeating: hostName(), count: size) }

  public func abort(_ failure: Failure) -> Never {
    StandardError.say(line(failure.message, rank: rank))
    exit(Job.exitStatus(of: failure.kind))
  }

  /// The line that the terminal shows for a message: the program, then the rank and host where there are several ranks.
  public func line(_ message: String, rank: Int) -> String {
    size == 1 ? "svdist: \(message.shown)" : "svdist: rank \(rank) on \(hosts[rank]): \(message.shown)"
  }
}

/// A sum over ranks that has been started.
public protocol PendingSum: AnyObject {
  /// Moves the sum on and says whether it is done. Only these calls are sure to move it, so the caller should make one
  /// now and then.
  func isDone() -> Bool
  /// Waits until the sum is done.
  func wait()
}

/// A sum that was done as soon as it was started.
package final class FinishedSum: PendingSum {
  package init() {}

  package func isDone() -> Bool { true }

  package func wait() {}
}
