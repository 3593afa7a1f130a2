/// Sums the objectives' gradients over ranks while the backward pass goes on computing.
///
/// Backward completes the encoder's part of the flat buffers from its end towards its start. It is cut into buckets from
/// its end, by the layout alone, and a bucket's sums start once it is final: all ranks start the same sums in the same
/// order, whatever their timing, and the bits are those of the tree.
package final class GradientBuckets {
  /// Seconds of computation beside which sums were under way, at least; several together count once, and time within
  /// communication is none of it. Sums are looked at now and then: the time since a look counts when the next one finds a
  /// sum still not done, and not when the last has ended somewhere between. A sum that waits for a look counts as well:
  /// this is not the time that the sums would take alone.
  package private(set) var overlappedSeconds = 0.0
  private let gradients: [[Matrix]]
  private let terms: TermShares
  private let communicator: any Communicator
  private let size: Int
  private let computedSeconds: () -> Double
  /// Where the encoder's buckets that were started begin.
  private var started: Int
  private var sums: [any PendingSum] = []
  /// Those that are done: their memory is kept to the end, so that what a step takes of it does not depend on their timing.
  private var done: [any PendingSum] = []
  private var lastLook: Double

  /// - Parameters:
  ///   - gradients: for each objective and each of this rank's nodes a flat buffer, the encoder's parameters first. The
  ///     first node's takes the sum.
  ///   - terms: whose nodes they are.
  ///   - encoder: how many elements the encoder's parameters have.
  ///   - size: elements of a bucket; 4 MB take long enough that starting them costs nothing beside it.
  ///   - computedSeconds: how long this rank has computed so far; it stands still during communication.
  package init(
    _ gradients: [[Matrix]], of terms: TermShares, encoder: Int, size: Int = 1 << 20, communicator: any Communicator,
    computedSeconds: @escaping () -> Double
  ) {
    precondition(size > 0, "a bucket holds something")
    self.gradients = gradients
    self.terms = terms
    self.communicator = communicator
    self.size = size
    self.computedSeconds = computedSeconds
    started = encoder
    lastLook = computedSeconds()
  }

  /// Starts the sum of a stretch beyond the encoder's, of one objective.
  package func start(_ range: Range<Int>, of objective: Int) {
    look()
    let nodes = gradients[objective].map { UnsafeMutableBufferPointer(rebasing: $0.elements[range]) }
    let sum = communicator.startSum(nodes, of: terms)
    sum.isDone() ? done.append(sum) : sums.append(sum)
  }

  /// Starts the buckets that are final when all gradients of the encoder's at and after an offset are.
  package func finished(from offset: Int) {
    look()
    while started > 0 && max(started - size, 0) >= offset {
      let bucket = max(started - size, 0)..<started
      for objective in gradients.indices { start(bucket, of: objective) }
      started = bucket.lowerBound
    }
  }

  /// Moves the sums on.
  package func look() {
    let now = computedSeconds()
    let rest = sums.partition { $0.isDone() }
    done += sums[rest...]
    sums.removeSubrange(rest...)
    if !sums.isEmpty { overlappedSeconds += now - lastLook }
    lastLook = now
  }

  /// Starts what is left and returns when all sums are done.
  package func finish() {
    finished(from: 0)
    for sum in sums { sum.wait() }
    (sums, done) = ([], [])
  }
}
