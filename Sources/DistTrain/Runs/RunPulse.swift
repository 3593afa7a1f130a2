/// Whether a job trains a run, as somebody sees who looks at the run's lock from time to time and changes nothing.
///
/// A lock is removed at the end of a training and left behind where that is killed. Its holder is asked of the kernel
/// where that can be seen from here; elsewhere the lock counts as long as it is touched, which is judged by this
/// process's clock alone.
package struct RunPulse: Sendable {
  private let path: String
  private let here: LockHolder
  private let patience: Double
  /// The lock as it was first seen since its last touch, and when that was.
  private var seen: (sign: RunLock.Sign, time: Double)?

  /// - Parameters:
  ///   - folder: of the run; it may not be there.
  ///   - here: this process.
  ///   - times: those of locks.
  package init(folder: String, here: LockHolder = .mine(), times: RunLock.Times = RunLock.Times()) {
    path = folder.withoutEndingSlashes + "/" + RunLock.name
    self.here = here
    patience = times.patience
  }

  /// Looks at the lock. One that cannot be read, or is none, tells of no training.
  /// - Parameter now: the time in seconds, on any clock that only goes forward.
  package mutating func isTrained(now: Double = SteadyClock.now) -> Bool {
    guard let sign = try? RunLock.sign(path) else {
      seen = nil
      return false
    }
    if let holder = sign.holder, holder.isVisible(from: here) { return !holder.hasEnded(seenFrom: here) }
    guard let seen, seen.sign == sign else {
      seen = (sign, now)
      return true
    }
    return now - seen.time < patience
  }
}
