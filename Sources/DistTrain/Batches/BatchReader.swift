import Synchronization

/// Loads a rank's rows of the next batches during the computation on the current one; between the steps where the system
/// starts no thread for that.
///
/// Batches are loaded one after another, in the order in which they were begun, at most `depth` ahead. One slow file
/// delays a step only if it takes longer than the time that the steps before leave for it.
///
/// Unchecked: only the caller uses `ahead`, and everything else is constant.
final class BatchReader: @unchecked Sendable {
  /// The most batches that are loaded ahead.
  static let depth = 2

  private let readers = ThreadTeam()
  private let patience: Double
  private let queue = BackgroundQueue()
  /// The batches that were begun and not taken, in the order of steps. Only the caller uses them.
  private var ahead: [Pending] = []

  /// A batch that is being loaded.
  ///
  /// Unchecked: the queue writes the outcome before it is done, and the caller reads it afterwards. Only the caller uses
  /// `piece`.
  private final class Pending: @unchecked Sendable {
    let step: Int
    /// Seconds between looks for a request to stop.
    private static let look = 0.5
    private let isCancelled = Atomic(false)
    private let queue: BackgroundQueue
    /// The number of the load among the queue's pieces; 0 before it is begun.
    private var piece = 0
    private var outcome: Result<BatchLoader.Batch, any Error>?

    init(step: Int, on queue: BackgroundQueue) {
      self.step = step
      self.queue = queue
    }

    func begin(_ load: @escaping @Sendable () throws -> BatchLoader.Batch) {
      piece = queue.add { [self] in
        if !isCancelled.load(ordering: .acquiring) { outcome = Result { try load() } }
      }
    }

    /// Keeps the batch from being loaded, unless that has begun.
    func cancel() { isCancelled.store(true, ordering: .releasing) }

    /// Waits until the batch is loaded. May be called once.
    /// - Throws: the error of loading; `Failure(.failed)` where that takes longer than `seconds`; `Failure(.stopped)`
    ///   where a signal asks for a stop meanwhile.
    func get(atMost seconds: Double) throws -> BatchLoader.Batch {
      let end = monotonicSeconds() + seconds
      while !queue.wait(for: piece, atMost: min(Self.look, max(0, end - monotonicSeconds()))) {
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
  ///   - threads: the number of threads that share the rows of a batch.
  ///   - patience: the seconds that a batch is waited for.
  init(threads: Int = 1, patience: Double = .infinity) {
    self.patience = patience
    readers.grow(to: threads)
  }

  /// The steps whose batches were begun and not taken, in ascending order.
  var steps: [Int] { ahead.map(\.step) }

  /// Begins to load the batch of a step, which comes after those begun before.
  func readAhead(step: Int, _ load: @escaping @Sendable (ThreadTeam) throws -> BatchLoader.Batch) {
    precondition(ahead.count < Self.depth && step > ahead.last?.step ?? -1, "batch \(step) begun after \(steps)")
    let pending = Pending(step: step, on: queue)
    ahead.append(pending)
    pending.begin { [readers] in try load(readers) }
  }

  /// Takes the batch of a step and waits until it is whole.
  /// - Returns: nil if no batch was begun, or if the next one is that of another step; then all that were begun are
  ///   discarded.
  func take(step: Int) throws -> BatchLoader.Batch? {
    guard let first = ahead.first else { return nil }
    guard first.step == step else {
      discard(from: first.step)
      return nil
    }
    ahead.removeFirst()
    return try first.get(atMost: patience)
  }

  /// Discards the batches of a step and of those after it, which have to be begun again.
  func discard(from step: Int) {
    for pending in ahead where pending.step >= step { pending.cancel() }
    ahead.removeAll { $0.step >= step }
  }

  /// Loads the batch of a step now, with the same threads.
  func read(
    step: Int, _ load: @escaping @Sendable (ThreadTeam) throws -> BatchLoader.Batch
  ) throws -> BatchLoader.Batch {
    let pending = Pending(step: step, on: queue)
    pending.begin { [readers] in try load(readers) }
    return try pending.get(atMost: patience)
  }
}
