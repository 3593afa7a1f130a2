import Foundation

/// A lock with a condition to wait for. Its waits follow the clock that only goes forward; those of Foundation follow
/// the one on the wall, which somebody may set meanwhile.
///
/// Unchecked: the system's lock and condition are made for several threads.
final class SteadyCondition: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    defer { pthread_condattr_destroy(&attributes) }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    condition.initialize(to: pthread_cond_t())
    pthread_cond_init(condition, &attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Calls `body` while no other thread has the lock.
  func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Wakes all threads that wait.
  func broadcast() { pthread_cond_broadcast(condition) }

  /// Waits within `withLock`, giving the lock away meanwhile, until `isMet` holds, but no longer than so many seconds.
  /// `isMet` is asked again at each `broadcast`.
  /// - Returns: whether it holds.
  func wait(atMost seconds: Double = .infinity, until isMet: () -> Bool) -> Bool {
    let end = monotonicSeconds() + seconds
    while !isMet() {
      guard end.isFinite else {
        pthread_cond_wait(condition, mutex)
        continue
      }
      guard monotonicSeconds() < end else { return false }
      // Its seconds are whole: a wait of any length fits.
      let limit = min(end, 1e9)
      var time = timespec(tv_sec: Int(limit), tv_nsec: Int((limit - limit.rounded(.down)) * 1e9))
      pthread_cond_timedwait(condition, mutex, &time)
    }
    return true
  }
}
