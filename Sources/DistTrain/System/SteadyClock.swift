import Foundation

/// The time of day as the clock on the wall had it when this process first asked, and evenly on from there: whoever
/// sets the clock meanwhile ends no wait and prolongs none. It goes on while the machine sleeps.
package enum SteadyClock {
  private static let start = Date().timeIntervalSince1970 - sinceBoot

  /// Seconds since 1970.
  package static var now: Double { start + sinceBoot }

  private static var sinceBoot: Double {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
