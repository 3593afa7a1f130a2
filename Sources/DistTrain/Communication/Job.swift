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
  /// - Throws: `Failure(.failed)` where MPI does not start, `AgreedFailure` where it is another than the program is built
  ///   with or does not join all ranks of the launcher, which each rank finds by itself.
  package static func start(timeout: Double = 600) throws -> any Communicator {
    let environment = ProcessInfo.processInfo.environment
    guard let launcher = JobLauncher(environment) else { return SoleCommunicator() }
    try foundByAll(environment) { try MPILibrary.check() }
    isStarting.store(true, ordering: .relaxed)
    on_exit({ _, _ in Job.tellEndAtStart() }, nil)
    let (code, channels) = try UnaskedWait.run("start", upTo: timeout, afterStop: 0) {
      let code = cmpi_start()
      return (code, code == 0 ? (MPIChannels(), JobEnd.makeChannel()) : nil)
    }
    isStarting.store(false, ordering: .relaxed)
    guard let channels else {
      throw Failure(.failed, "MPI does not start on \(hostName()): \(MPICommunicator.describe(code))")
    }
    let communicator = MPICommunicator(channels.0, timeout: timeout)
    try foundByAll(environment) {
      guard let promised = JobLauncher.size(environment), promised != communicator.size else { return }
      throw Failure(.failed, launcher.mismatch("\(promised) processes", "joins \(communicator.size)"))
    }
    JobEnd.comeAtExit(channels.1, timeout: timeout)
    return communicator
  }

  /// Whether MPI is being started.
  private static let isStarting = Atomic(false)

  /// Explains the end of the process where MPI ended it at its start, as MPICH does under another's launcher.
  private static func tellEndAtStart() {
    let environment = ProcessInfo.processInfo.environment
    guard isStarting.load(ordering: .relaxed), let launcher = JobLauncher(environment) else { return }
    if JobLauncher.rank(environment) ?? 0 == 0 {
      StandardError.say("svdist: \(launcher.mismatch("this process", "does not start there"))")
    } else {
      // The launcher ends all ranks when one has ended.
      sleep(2)
    }
    _exit(exitStatus(of: .failed))
  }

  /// Runs what fails on all ranks in the same way, of which the launcher's first one speaks.
  private static func foundByAll(_ environment: [String: String], _ body: () throws -> Void) throws {
    do {
      try body()
    } catch {
      let (failure, rank) = (Failure(error), JobLauncher.rank(environment) ?? 0)
      throw AgreedFailure(failure: failure, rank: rank, isMine: rank == 0, line: "svdist: \(failure.message.shown)")
    }
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
    } catch let agreed as AgreedFailure {
      // The launcher ends all ranks when one has ended.
      if agreed.isMine { StandardError.say(agreed.line) } else { sleep(2) }
      exit(Self.exitStatus(of: agreed.failure.kind))
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
  package static var library: String { MPILibrary.description }
}
