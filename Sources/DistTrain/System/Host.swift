import Foundation

/// This machine's name as the kernel knows it, because asking the network may take seconds.
package func hostName() -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) {
    $0.initialize(repeating: 0)
    return gethostname($0.baseAddress!, 255) == 0 ? String(cString: $0.baseAddress!) : "localhost"
  }
}

/// The seconds on a clock that only goes forward.
func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
