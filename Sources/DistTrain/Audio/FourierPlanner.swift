import CFFTW
import Foundation

/// What all users of FFTW share.
enum FourierPlanner {
  /// FFTW's planner must not run in two threads at once.
  static let lock = NSLock()
  /// Plans are made by estimate, never by measurement: every process then takes the same one, hence the same bits.
  static let flags = UInt32(FFTW_ESTIMATE)
}
