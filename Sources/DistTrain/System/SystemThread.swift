import Foundation

/// Threads of the system. Foundation's do not say where the system starts no more, and libdispatch waits for one for
/// ever, deaf to requests to stop.
package enum SystemThread {
  /// The bytes of a thread's stack.
  private static let stack = 8 << 20

  /// The reason for which a thread is not started, for messages.
  package static let refusal = "the system starts no more threads (ulimit -u, ulimit -v, pids.max)"

  private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
      self.body = body
    }
  }

  /// Starts a thread that calls `body` and ends.
  /// - Returns: false where the system starts none; then `body` is not called.
  package static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
    let work = Unmanaged.passRetained(Work(body))
    var thread: pthread_t = 0
    let code = withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { attributes in
      pthread_attr_init(attributes.baseAddress!)
      defer { pthread_attr_destroy(attributes.baseAddress!) }
      pthread_attr_setstacksize(attributes.baseAddress!, stack)
      pthread_attr_setdetachstate(attributes.baseAddress!, Int32(PTHREAD_CREATE_DETACHED))
      return pthread_create(
        &thread, attributes.baseAddress!,
        {
          Unmanaged<Work>.fromOpaque($0!).takeRetainedValue().body()
          return nil
        }, work.toOpaque())
    }
    if code != 0 { work.release() }
    return code == 0
  }
}
