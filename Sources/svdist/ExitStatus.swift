import DistTrain

/// The exit statuses of svdist.
enum ExitStatus: Int32 {
  case done = 0
  case failed = 1
  /// A wrong command line or configuration (EX_USAGE of sysexits.h).
  case usage = 64
  /// Bad audio, lists, checkpoints or other input (EX_DATAERR).
  case badData = 65
  /// Stopped on request with a checkpoint written: the same command resumes the run (EX_TEMPFAIL).
  case stopped = 75

  static func of(_ kind: Failure.Kind) -> ExitStatus {
    switch kind {
    case .failed: .failed
    case .usage: .usage
    case .badData: .badData
    case .stopped: .stopped
    }
  }
}
