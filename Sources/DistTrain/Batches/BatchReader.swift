import Foundation
import Synchronization

/// Loads a rank's rows of the next batches while the present one is computed on.
///
/// Batches are loaded one after the other, in the order in which they were begun, at most `depth` ahead: one slow file
/// delays a step only where it takes longer than the steps before it leave time for.
///
/// Unchecked: `ahead` is the caller's alone, all else is constant.
final class BatchReader: @unchecked Sendable {
  /// Batches that are loaded ahead, at most.
  static let depth = 2

  private let readers = ThreadTeam()
  private let patience: Double
  private let queue = DispatchQueue(label: "svdist.reader", qos: .utility)
  /// In the order of steps; the caller's alone.
  private var ahead: [Pending] = []

  /// A batch that is being loaded.
  ///
  /// Unchecked: the queue writes the outcome before it is done, the caller reads it once that is so.
  private final class Pending: @unchecked Sendable {
    let step: Int
    /// Seconds between looks for a request to stop.
    private static let look = 0.5
    private let isCancelled = Atomic(false)
    /// Not a semaphore, whose timeout would follow the clock on the wall.
    private let loading = DispatchGroup()
    private var outcome: Result<BatchLoader.Batch, any Error>?

    init(step: Int) {
      self.step = step
    }

    func begin(on queue: DispatchQueue, _ load: @escaping @Sendable () throws -> BatchLoader.Batch) {
      queue.async(group: loading) { [self] in
        if !isCancelled.load(ordering: .acquiring) { outcome = Result { try load() } }
      }
    }

    /// Loads it no more, unless that has begun.
    func cancel() { isCancelled.store(true, ordering: .releasing) }

    /// Waits until it is loaded; once.
    /// - Throws: what loading threw; `Failure(.failed)` where it takes longer than `seconds`; `Failure(.stopped)` where a
    ///   signal asks for a stop meanwhile.
    func get(atMost seconds: Double) throws -> BatchLoader.Batch {
      let end = monotonicSeconds() + seconds
      while loading.wait(timeout: .now() + min(Self.look, max(0, end - monotonicSeconds()))) != .success {
        try StopRequest.check(waitingFor: "the recordings of step \(step + 1)")
        guard monotonicSeconds() < end else {
          throw Failure(
            .failed,
            "the recordings of step \(step + 1) were not read within \(Int(seconds)) s (--timeout): does a file system "
              + "hang?")
        }
      }
      guard let outcome else { preconditionFailure("a batch that was given up is asked for") }
      return try outcome.get()
    }
  }

  /// - Parameters:
  ///   - threads: that share the rows of a batch.
  ///   - patience: seconds that a batch is waited for.
  init(threads: Int = 1, patience: Double = .infinity) {
    self.patience = patience
    readers.grow(to: threads)
  }

  /// The steps whose batches were begun and not taken, ascending.
  var steps: [Int] { ahead.map(\.step) }

  /// Begins to load the batch of a step after those that were begun.
  func readAhead(step: Int, _ load: @escaping @Sendable (ThreadTeam) throws -> BatchLoader.Batch) {
    precondition(ahead.count < Self.depth && step > ahead.last?.step ?? -1, "batch \(step) begun after \(steps)")
    let pending = Pending(step: step)
    ahead.append(pending)
    pending.begin(on: queue) { [readers] in try load(readers) }
  }

  /// The batch of a step, if it was begun; nil where another one was, or none. Waits until it is whole.
  func take(step: Int) throws -> BatchLoader.Batch? {
    guard let first = ahead.first else { return nil }
    guard first.step == step else {
      discard(from: first.step)
      return nil
    }
    ahead.removeFirst()
    return try first.get(atMost: patience)
  }

  /// Forgets the batches of a step and those after it, which will have to be begun again.
  func discard(from step: Int) {
    for pending in ahead where pending.step >= step { pending.cancel() }
    ahead.removeAll { $0.step >= step }
  }

  /// Loads the batch of a step now, with the same threads.
  func read(
    step: Int, _ load: @escaping @Sendable (ThreadTeam) throws -> BatchLoader.Batch
  ) throws -> BatchLoader.Batch {
    let pending = Pending(step: step)
    pending.begin(on: queue) { [readers] in try load(readers) }
    return try pending.get(atMost: patience)
  }
}
