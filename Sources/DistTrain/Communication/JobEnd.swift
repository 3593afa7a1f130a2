import CMPI
import Foundation

/// The end of MPI as a process exits: an orderly rank waits for the others, one with an error only for a moment.
enum JobEnd {
  /// The seconds that a rank which exits with an error waits for the others to exit as well.
  private static let farewell = 2.0
  /// The seconds that a rank which is done waits for the others once a stop was asked for.
  private static let afterStop = 10.0

  /// Unsafe: it is written once as the job starts and read as the process exits, by the main thread each time.
  nonisolated(unsafe) private static var channel = CMPICommunicator()
  /// Seconds that a rank which is done waits for the others.
  ///
  /// Unsafe: as above.
  nonisolated(unsafe) private static var timeout = 600.0

  /// Makes the communicator for the meeting of all ranks at the end; nil where MPI makes none.
  static func makeChannel() -> CMPICommunicator? {
    var communicator = CMPICommunicator()
    return cmpi_duplicate_world(&communicator) == 0 ? communicator : nil
  }

  /// Lets MPI end in order when the process exits.
  static func comeAtExit(_ channel: CMPICommunicator?, timeout: Double) {
    guard let channel else { return }
    Self.channel = channel
    Self.timeout = timeout
    on_exit({ status, _ in JobEnd.come(status: status) }, nil)
  }

  /// Ends MPI once all ranks exit.
  private static func come(status: Int32) {
    guard cmpi_is_running() != 0 else { return }
    meet(status: status)
    // A rank that is stopped after the meeting holds the others within MPI.
    do {
      _ = try UnaskedWait.run("end", upTo: timeout, afterStop: afterStop) { cmpi_finish() }
    } catch {
      _ = cmpi_finish()
    }
  }

  /// Waits until all ranks exit.
  private static func meet(status: Int32) {
    var request = CMPIRequest()
    var done: Int32 = 0
    var patience = Patience(seconds: timeout, afterStop: afterStop)
    guard cmpi_barrier(channel, &request) == 0 else { cmpi_abort(max(status, 1)) }
    while cmpi_test(&request, &done) == 0, done == 0 {
      let isExhausted = patience.isExhausted()
      if status != 0, patience.waited > farewell { cmpi_abort(status) }
      if isExhausted {
        StandardError.say(
          "svdist: a rank on \(hostName()) is done and waited \(Int(patience.waited)) s for the others to end")
        cmpi_abort(Job.exitStatus(of: .failed))
      }
      usleep(1000)
    }
  }
}
