import Foundation

/// The time of day as the clock on the wall had it when this process first asked, and evenly on from there: whoever sets
/// the clock meanwhile ends no wait and prolongs none.
package enum SteadyClock {
  private static let start = Date().timeIntervalSince1970 - monotonicSeconds()

  /// Seconds since 1970.
  package static var now: Double { start + monotonicSeconds() }
}
