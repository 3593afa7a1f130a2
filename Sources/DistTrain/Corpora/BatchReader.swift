import Foundation

/// Loads a rank's rows of the next batch while the present one is computed on.
///
/// What a batch is made of does not depend on when it is read: an utterance that turns out unreadable is replaced by the
/// same rule whether or not it was known before.
final class BatchReader: @unchecked Sendable {
  private let readers = ThreadTeam()
  /// One batch after the other; also what guards `ahead`.
  private let queue = DispatchQueue(label: "svdist.reader", qos: .utility)
  private var ahead: (step: Int, batch: Result<BatchLoader.Batch, any Error>)?

  /// - Parameter threads: that share the rows of a batch.
  init(threads: Int = 1) {
    readers.grow(to: threads)
  }

  /// Begins to load the batch of a step.
  func readAhead(step: Int, _ load: @escaping @Sendable (ThreadTeam) throws -> BatchLoader.Batch) {
    queue.async { [self] in ahead = (step, Result { try load(readers) }) }
  }

  /// The batch of a step, if it was begun; nil where another one was, or none. Waits until it is whole.
  func take(step: Int) throws -> BatchLoader.Batch? {
    try queue.sync {
      defer { ahead = nil }
      guard let ahead, ahead.step == step else { return nil }
      return try ahead.batch.get()
    }
  }

  /// Loads a batch now, with the same threads.
  func read(_ load: (ThreadTeam) throws -> BatchLoader.Batch) throws -> BatchLoader.Batch {
    try queue.sync { try load(readers) }
  }
}
