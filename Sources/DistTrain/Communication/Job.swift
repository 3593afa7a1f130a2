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
    let (code, channels) = try UnaskedWait.run("start", upTo: timeout, afterStop: 0) {
      let code = cmpi_start()
      return (code, code == 0 ? (MPIChannels(), JobEnd.makeChannel()) : nil)
    }
    guard let channels else {
      throw Failure(.failed, "MPI does not start on \(hostName()): \(MPICommunicator.describe(code))")
    }
    let communicator = MPICommunicator(channels.0, timeout: timeout)
    if let promised = promisedSize(environment), promised != communicator.size {
      throw Failure(
        .failed,
        "the launcher started \(promised) processes, but MPI joins \(communicator.size): start them with Open MPI's "
          + "mpirun, or with srun --mpi=pmix")
    }
    JobEnd.comeAtExit(channels.1, timeout: timeout)
    return communicator
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
}
