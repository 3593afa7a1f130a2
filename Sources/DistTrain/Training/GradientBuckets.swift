/// Sums the objectives' gradients over ranks while the backward pass goes on computing.
///
/// The backward pass completes the encoder's part of the flat buffers from its end towards its start. That part is cut
/// into buckets from its end, by the layout alone, and the sums of a bucket start once it is final. All ranks start the
/// same sums in the same order, whatever their timing, and the bits are those of the tree.
package final class GradientBuckets {
  /// The least number of seconds of computation during which sums were under way. Several sums at a time count once,
  /// and time within communication does not count. Sums are looked at now and then: the time since a look counts if the
  /// next one finds a sum still not done, but not if the last sum ended in between. A sum that waits for a look counts
  /// as well, so this is not the time that the sums would take alone.
  package private(set) var overlappedSeconds = 0.0
  private let gradients: [[Matrix]]
  private let terms: TermShares
  private let communicator: any Communicator
  private let size: Int
  /// The places where the encoder's blocks begin, in ascending order; nil where sums need not wait for the end of a
  /// block.
  private let blocks: [Int]?
  /// The offset from which on gradients were final when that was said last.
  private var final: Int
  private let computedSeconds: () -> Double
  /// The offset at which those of the encoder's buckets begin that were started.
  private var started: Int
  private var sums: [any PendingSum] = []
  /// The sums that are done. Their memory is kept to the end, so that the memory of a step does not depend on their
  /// timing.
  private var done: [any PendingSum] = []
  private var lastLook: Double

  /// - Parameters:
  ///   - gradients: a flat buffer for each objective and each of this rank's nodes, in which the encoder's parameters
  ///     come first. That of the first node takes the sum.
  ///   - terms: the ranks' shares of the batch's units, whose nodes the buffers are.
  ///   - encoder: the number of elements of the encoder's parameters.
  ///   - size: the number of elements of a bucket. Sums of 4 MB take so long that the cost of starting them does not
  ///     matter.
  ///   - blocks: the offsets at which the encoder's blocks begin, ascending. The sums of a block's gradients start with
  ///     what is said final after it, when the block has freed its activations, beside which the sums would lie.
  ///   - computedSeconds: gives the seconds that this rank has computed so far, which stand still during communication.
  package init(
    _ gradients: [[Matrix]], of terms: TermShares, encoder: Int, size: Int = 1 << 20, blocks: [Int]? = nil,
    communicator: any Communicator, computedSeconds: @escaping () -> Double
  ) {
    precondition(size > 0, "a bucket holds something")
    self.gradients = gradients
    self.terms = terms
    self.communicator = communicator
    self.size = size
    self.blocks = blocks
    final = encoder
    self.computedSeconds = computedSeconds
    started = encoder
    lastLook = computedSeconds()
  }

  /// Starts the sum of a range of one objective's buffers.
  package func start(_ range: Range<Int>, of objective: Int) { start(range, of: gradients[objective], terms) }

  /// Starts the sum of a range of other buffers.
  /// - Parameters:
  ///   - buffers: one for each of this rank's nodes of the terms.
  ///   - terms: the ranks' shares of what the sum is over.
  package func start(_ range: Range<Int>, of buffers: [Matrix], _ terms: TermShares) {
    look()
    let nodes = buffers.map { UnsafeMutableBufferPointer(rebasing: $0.elements[range]) }
    let sum = communicator.startSum(nodes, of: terms)
    sum.isDone() ? done.append(sum) : sums.append(sum)
  }

  /// Starts the buckets that are final once all of the encoder's gradients at and after an offset are.
  package func finished(from offset: Int) {
    look()
    guard let blocks else { return startBuckets(from: offset) }
    if let block = blocks.first(where: { $0 >= final }) { startBuckets(from: block) }
    final = offset
  }

  private func startBuckets(from offset: Int) {
    while started > 0 && max(started - size, 0) >= offset {
      let bucket = max(started - size, 0)..<started
      for objective in gradients.indices { start(bucket, of: objective) }
      started = bucket.lowerBound
    }
  }

  /// Moves the sums on and notes which are done.
  package func look() {
    let now = computedSeconds()
    let rest = sums.partition { $0.isDone() }
    done += sums[rest...]
    sums.removeSubrange(rest...)
    if !sums.isEmpty { overlappedSeconds += now - lastLook }
    lastLook = now
  }

  /// Starts the remaining sums and returns when all are done.
  package func finish() {
    look()
    startBuckets(from: 0)
    for sum in sums { sum.wait() }
    (sums, done) = ([], [])
  }
}
