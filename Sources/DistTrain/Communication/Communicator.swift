/// The ranks of a job and what they do together. Alone it is the identity, so that nobody asks for its size.
///
/// All ranks call the same operations in the same order with the same counts. An operation that waits longer than the
/// communicator's limit names itself and the missing ranks and ends the job.
package protocol Communicator: AnyObject {
  /// This process's number, 0 ..< size.
  var rank: Int { get }
  var size: Int { get }

  /// Adds the buffers of all ranks, element by element, in place; every rank gets the same bits.
  func sum(_ values: UnsafeMutableBufferPointer<Float>)
  func sum(_ values: UnsafeMutableBufferPointer<Double>)
  /// The rows of all ranks in the order of ranks; `counts[r]` elements come from rank r, and `counts[rank]` are in `own`.
  func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>)
  /// Sums `all` over ranks and leaves rank r with its `counts[r]` elements of the sum.
  func reduceScatter(_ all: UnsafeBufferPointer<Float>, counts: [Int], into own: UnsafeMutableBufferPointer<Float>)
  /// Rank `root`'s bytes, on every rank.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int)
  func minimum(_ values: [Double]) -> [Double]
  func maximum(_ values: [Double]) -> [Double]
  func barrier()
  /// The bytes of every rank, on every rank; lengths may differ.
  func gather(_ bytes: [UInt8]) -> [[UInt8]]
}
