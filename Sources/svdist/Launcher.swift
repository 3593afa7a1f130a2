import DistTrain
import Foundation
import Synchronization

/// mpirun in a session of its own, which the signals of a terminal do not reach, and to which requests to stop are
/// passed on in the way that leaves its ranks time: Open MPI and MPICH pass SIGUSR1 on to all ranks and do nothing
/// else. Ranks that do not train have nothing to save, and are ended.
struct Launcher {
  /// The variable by which ranks know that Ctrl-C is taken care of.
  private static let variable = "SVDIST_LAUNCH"
  /// The microseconds between looks for a signal and for mpirun's end.
  private static let look: UInt32 = 20_000

  private let process: ChildProcess

  /// Starts a program of the search path. In a session of its own it could not read the terminal, so that its input is
  /// empty.
  /// - Parameter isTraining: whether its ranks answer SIGUSR1 with a checkpoint.
  /// - Throws: `Failure(.failed)` where it cannot be started.
  init(_ program: String, _ arguments: [String], isTraining: Bool) throws {
    Signals.watch(isTraining: isTraining)
    setenv(Self.variable, "1", 1)
    do {
      process = try ChildProcess(program, arguments, place: .ownSession)
    } catch {
      throw Failure(.failed, "\(Failure(error).message): install Open MPI or MPICH, or add it to PATH")
    }
  }

  /// Waits for the end of mpirun and passes on requests to stop meanwhile.
  /// - Returns: its exit status, or 128 + the signal that ended it; that of a stop where it could not say so itself.
  func run() throws -> Int32 {
    var passing = Passing()
    while true {
      if let status = try process.statusIfEnded() { return passing.status(status) }
      if let signal = passing.signal() {
        let signal = signal == SIGTERM && isHydra ? SIGQUIT : signal
        if signal == SIGKILL { StandardError.say("svdist: mpirun does not end: it is killed, and its ranks with it") }
        kill(process.id, signal)
      }
      usleep(Self.look)
    }
  }

  /// Whether it is MPICH's mpirun, which passes SIGTERM on, as a request to stop, and ends its ranks after SIGQUIT.
  private var isHydra: Bool { ProcessStatus.children(of: process.id).contains { $0.name == "hydra_pmi_proxy" } }

  /// The line for somebody at a terminal who started mpirun without this; nil where nobody did.
  static func note(_ environment: [String: String], isWatched: Bool) -> String? {
    guard isWatched, JobLauncher(environment) == .openMPI, environment[variable] == nil else { return nil }
    return
      "note: Ctrl-C leaves mpirun's ranks no time for a checkpoint: stop with kill -USR1 \(getppid()), or start with svdist "
      + "launch"
  }
}

/// The requests to stop that the launcher got.
private enum Signals {
  private static let isAsked = Atomic(false)
  private static let interrupts = Atomic(0)
  private static let isUrgent = Atomic(false)
  private static let isTraining = Atomic(false)

  static func watch(isTraining: Bool) {
    Self.isTraining.store(isTraining, ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGQUIT] where !isIgnored(number) {
      signal(number) { number in
        if number == SIGQUIT { Signals.isUrgent.store(true, ordering: .relaxed) }
        if number == SIGINT {
          let isFirst = Signals.interrupts.add(1, ordering: .relaxed).oldValue == 0
          if isFirst, Signals.isTraining.load(ordering: .relaxed) { StopRequest.answerInterrupt() }
        }
        // This is last, so that whoever sees it sees the rest.
        Signals.isAsked.store(true, ordering: .releasing)
      }
    }
  }

  /// Whether the process was started to outlive a signal, as by nohup or in the background of a script.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    return sigaction(number, nil, &action) == 0
      && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Whether somebody has asked since the last look.
  static func takeRequest() -> Bool { isAsked.exchange(false, ordering: .acquiring) }

  /// Whether ranks do not train, or are to end at once.
  static var endAtOnce: Bool {
    !isTraining.load(ordering: .relaxed) || isUrgent.load(ordering: .relaxed)
      || interrupts.load(ordering: .relaxed) > 1
  }
}

/// The signals that mpirun is sent, and their times. Before it has started its ranks it loses what it is to pass on, so
/// that SIGUSR1 goes again until it ends: after one second, two, four, and then every eight, since it prints a line
/// each time.
private struct Passing {
  private var pause = Duration.seconds(1)
  /// The time at which SIGUSR1 goes again; nil unless ranks are to stop with a checkpoint.
  private var next: ContinuousClock.Instant?
  /// The time at which mpirun is killed; nil unless ranks are to end at once.
  private var last: ContinuousClock.Instant?
  /// The time that mpirun has to end its ranks at once, after which it hangs.
  private static let patience = Duration.seconds(3)

  /// The signal to send now; nil for none.
  mutating func signal() -> Int32? {
    let isAsked = Signals.takeRequest()
    if isAsked, Signals.endAtOnce {
      next = nil
      guard last == nil else { return nil }
      last = ContinuousClock.now + Self.patience
      return SIGTERM
    }
    if let last {
      guard last <= ContinuousClock.now else { return nil }
      self.last = ContinuousClock.now + Self.patience
      return SIGKILL
    }
    guard isAsked || next.map({ $0 <= ContinuousClock.now }) == true else { return nil }
    next = ContinuousClock.now + pause
    pause = min(pause * 2, .seconds(8))
    return SIGUSR1
  }

  /// The status for one of mpirun. Until mpirun and its ranks can answer SIGUSR1 they die of it, or of the SIGTERM that
  /// follows, and ranks that die of one of them have not begun to train. Of ranks that died of a signal MPICH's mpirun
  /// gives the signal's number.
  func status(_ status: Int32) -> Int32 {
    // Open MPI 4.1.4 may crash where a signal comes while it ends its ranks.
    if last != nil, status > 128, status != 128 + SIGTERM {
      StandardError.say("svdist: mpirun was ended by signal \(status - 128) as it was to end its ranks at once")
      return ExitStatus.failed.rawValue
    }
    if last != nil, status == SIGQUIT { return ExitStatus.failed.rawValue }
    let signals = [SIGUSR1, SIGTERM]
    guard next != nil, (signals + signals.map { 128 + $0 }).contains(status) else { return status }
    StandardError.say("svdist: stopped while mpirun started or ended its ranks: run the same command again")
    return ExitStatus.stopped.rawValue
  }
}
