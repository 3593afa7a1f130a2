import CMPI
import Foundation

/// The communicators of one `MPICommunicator`: what travels on one of them meets nothing of the others.
struct MPIChannels {
  let operations: CMPICommunicator
  /// Started sums meet no other operation, however late each rank comes to wait for them: their terms travel on one
  /// communicator and their results on another, both in the order in which the sums were started.
  let terms: CMPICommunicator
  let results: CMPICommunicator
  let watch: CMPICommunicator
  let rank: Int
  let size: Int

  /// Makes them on all ranks at the same point of their program, after MPI has started; ends the job where MPI does not.
  init() {
    precondition(cmpi_is_running() != 0, "MPI has not been started")
    let channels = (0..<4).map { _ in
      var channel = CMPICommunicator()
      Self.check(cmpi_duplicate_world(&channel))
      return channel
    }
    (operations, terms, results, watch) = (channels[0], channels[1], channels[2], channels[3])
    var (rank, size): (Int32, Int32) = (0, 0)
    Self.check(cmpi_rank(operations, &rank))
    Self.check(cmpi_size(operations, &size))
    (self.rank, self.size) = (Int(rank), Int(size))
  }

  private static func check(_ code: Int32) {
    if code == 0 { return }
    StandardError.say("svdist: no communicator on \(hostName()): \(MPICommunicator.describe(code))")
    cmpi_abort(Job.exitStatus(of: .failed))
  }
}
