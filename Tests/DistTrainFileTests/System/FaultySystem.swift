import DistTrain
import Foundation
import Synchronization

/// A system that fails from its n-th call under a folder on: with `onlyOnce` just that call, otherwise every later one
/// too, as if the process had been killed there.
final class FaultySystem: Sendable {
  private let calls = Mutex(0)
  private let failing: Int
  private let onlyOnce: Bool

  init(failing: Int, onlyOnce: Bool) {
    self.failing = failing
    self.onlyOnce = onlyOnce
  }

  /// Whether the call to fail was made.
  var failed: Bool { calls.withLock { $0 >= failing } }

  func run(under folder: String, _ body: () throws -> Void) throws {
    try SystemCall.withFault(
      under: folder,
      { _, _ in
        self.calls.withLock { calls in
          calls += 1
          return calls == self.failing || (calls > self.failing && !self.onlyOnce) ? ENOSPC : nil
        }
      }, body)
  }
}
