import CMPI
import Foundation
import Synchronization

/// The processes that a launcher (mpirun, srun) started together, from start to end.
public enum Job {
  /// Gives signals back the meaning that the process found at its start, of which libraries beside MPI's take some: UCX
  /// SIGHUP, which nohup had let the process ignore. It must be called before there are threads.
  package static func restoreSignals() { cmpi_restore_signals() }

  /// Joins the other ranks where a launcher started this process; otherwise the process is one rank alone. It may be
  /// called once.
  ///
  /// MPI ends when the process exits. A rank that exits with an error while others go on ends them too.
  /// - Parameter timeout: the seconds that an operation waits before the job ends with the names of the missing ranks.
  /// - Throws: `Failure(.failed)` where MPI does not start or does not join all ranks of the launcher.
  package static func start(timeout: Double = 600) throws -> any Communicator {
    let environment = ProcessInfo.processInfo.environment
    guard isLaunched(environment) else { return SoleCommunicator() }
    let code = try limited(seconds: timeout) { cmpi_start() }
    guard code == 0 else {
      throw Failure(.failed, "MPI does not start on \(hostName()): \(MPICommunicator.describe(code))")
    }
    let communicator = MPICommunicator(timeout: timeout)
    if let promised = promisedSize(environment), promised != communicator.size {
      throw Failure(
        .failed,
        "the launcher started \(promised) processes, but MPI joins \(communicator.size): start them with Open MPI's "
          + "mpirun, or with srun --mpi=pmix")
    }
    finishAtExit(timeout: timeout)
    return communicator
  }

  /// Joins the ranks, or ends the process where that takes too long, because at this point no rank can ask another one.
  /// - Throws: `Failure(.failed)` where the system starts no thread that watches.
  private static func limited(seconds: Double, _ join: () -> Int32) throws -> Int32 {
    let watch = Repeater()
    let end = monotonicSeconds() + seconds
    try watch.start(every: min(seconds, 0.5), for: "the start of MPI on \(hostName())") {
      if let signal = StopRequest.received {
        StandardError.say(
          "svdist: stopped by \(StopRequest.name(signal)) while MPI on \(hostName()) waited for all ranks")
        _exit(exitStatus(of: .stopped))
      }
      guard monotonicSeconds() > end else { return }
      StandardError.say(
        "svdist: MPI on \(hostName()) waited \(Int(seconds)) s for all ranks to start: one does not answer")
      _exit(exitStatus(of: .failed))
    }
    defer { watch.cancel() }
    return join()
  }

  /// Runs the program on every rank: starts the job, runs `body` and exits with the status that it returns, or with
  /// that of the error that it throws.
  ///
  /// An error that all ranks agreed on is printed as one line by one rank, and all leave in order; any other ends the
  /// job at once.
  /// - Parameters:
  ///   - timeout: the seconds that an operation waits before the job ends with the names of the missing ranks.
  ///   - exitStatus: the status of the process for each kind of failure.
  public static func run(
    timeout: Double = 600, exitStatus: @escaping @Sendable (Failure.Kind) -> Int32 = { _ in 1 },
    _ body: (any Communicator) throws -> Int32
  ) -> Never {
    statuses.withLock { $0 = exitStatus }
    let communicator: any Communicator
    do {
      communicator = try start(timeout: timeout)
    } catch {
      StandardError.say("svdist: \(Failure(error).message.shown)")
      exit(Self.exitStatus(of: Failure(error).kind))
    }
    do {
      // Only processes that a launcher started can run different programs.
      if let ranks = communicator as? MPICommunicator { try ranks.agreeOnProgram() }
      exit(try body(communicator))
    } catch let agreed as AgreedFailure {
      if agreed.isMine { StandardError.say(agreed.line) }
      exit(Self.exitStatus(of: agreed.failure.kind))
    } catch {
      communicator.abort(Failure(error))
    }
  }

  /// The status with which a process ends for a kind of failure, as given to `run`.
  static func exitStatus(of kind: Failure.Kind) -> Int32 { statuses.withLock { $0(kind) } }

  private static let statuses = Mutex<@Sendable (Failure.Kind) -> Int32>({ _ in 1 })

  /// The name of the MPI library and how threads may call it, such as `Open MPI v4.1.4, threads: serialized`.
  package static var library: String {
    let words = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 8192) {
      cmpi_library($0.baseAddress, 8192)
      return String(cString: $0.baseAddress!)
    }
    // The text after the first comma or line says how the library was built.
    let name = String(words.split(whereSeparator: { $0 == "," || $0.isNewline }).first ?? "an MPI without a name")
    let level = String(cString: cmpi_thread_level())
    return level.isEmpty ? "\(name), no launcher" : "\(name), threads: \(level)"
  }

  /// Whether the environment is that of a process which a launcher started.
  package static func isLaunched(_ environment: [String: String]) -> Bool {
    let signs = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"]
    if signs.contains(where: { environment[$0] != nil }) { return true }
    // A batch script runs in a step too, one with a single task.
    return environment["SLURM_PROCID"] != nil && environment["SLURM_STEP_ID"] != nil
      && (environment["SLURM_STEP_NUM_TASKS"].flatMap { Int($0) } ?? 1) > 1
  }

  /// The number of processes that the launcher says it started, or nil where it does not say.
  private static func promisedSize(_ environment: [String: String]) -> Int? {
    let names = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"]
    return names.lazy.compactMap { environment[$0] }.first.flatMap { Int($0) }
  }

  /// The seconds that a rank which exits with an error waits for the others to exit as well.
  private static let farewell = 2.0
  /// The seconds that a rank which is done waits for the others once a stop was asked for.
  private static let graceAfterStop = 10.0

  private static func finishAtExit(timeout: Double) {
    var communicator = CMPICommunicator()
    guard cmpi_duplicate_world(&communicator) == 0 else { return }
    farewellHandle = communicator.handle
    patience = timeout
    on_exit({ status, _ in Job.finish(status: status) }, nil)
  }

  /// Unsafe: it is written once as the job starts and read as the process exits, by the main thread each time.
  nonisolated(unsafe) private static var farewellHandle: UInt64 = 0
  /// Seconds that a rank which is done waits for the others.
  ///
  /// Unsafe: as above.
  nonisolated(unsafe) private static var patience = 600.0

  /// Ends MPI once all ranks exit: an orderly rank waits for the others, one with an error only for a moment.
  private static func finish(status: Int32) {
    guard cmpi_is_running() != 0 else { return }
    var request = CMPIRequest()
    var done: Int32 = 0
    let began = monotonicSeconds()
    var limit = patience
    var isAsked = false
    guard cmpi_barrier(CMPICommunicator(handle: farewellHandle), &request) == 0 else { cmpi_abort(max(status, 1)) }
    while cmpi_test(&request, &done) == 0, done == 0 {
      let waited = monotonicSeconds() - began
      if status != 0, waited > farewell { cmpi_abort(status) }
      if !isAsked, StopRequest.received != nil {
        isAsked = true
        limit = min(limit, waited + graceAfterStop)
      }
      if waited > limit {
        StandardError.say("svdist: a rank on \(hostName()) is done and waited \(Int(waited)) s for the others to end")
        cmpi_abort(exitStatus(of: .failed))
      }
      usleep(1000)
    }
    _ = cmpi_finish()
  }
}
