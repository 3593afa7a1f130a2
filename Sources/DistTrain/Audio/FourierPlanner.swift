import CFFTW
import Synchronization

/// What all users of FFTW share: its planner must not run in two threads at once.
enum FourierPlanner {
  static let lock = Mutex(())
  static let flags = UInt32(FFTW_ESTIMATE)
}
