import Foundation

/// The process that holds a run folder, as the folder's lock file describes it.
package struct LockHolder: Codable, Sendable, Equatable {
  package var host: String
  package var pid: Int32
  /// The job of the batch system, such as `Slurm job 77`; nil outside of one.
  package var job: String?
  /// The time at which the process took the folder, in seconds since 1970.
  package var since: Double
  /// The identifier of the boot of the host's kernel.
  package var boot: String
  /// The namespace of `pid`, since two containers on a host have the same numbers for different processes.
  package var namespace: String
  /// The start of the process by the kernel's count, since the numbers of processes are used again.
  package var started: String
  /// A text that differs between any two holders.
  package var token: String

  /// This process.
  package static func mine(environment: [String: String] = ProcessInfo.processInfo.environment) -> LockHolder {
    let pid = getpid()
    return LockHolder(
      host: hostName(), pid: pid, job: job(environment), since: SteadyClock.now,
      boot: ProcessStatus.boot, namespace: ProcessStatus.namespace, started: ProcessStatus(of: pid)?.started ?? "",
      token: UUID().uuidString)
  }

  /// Whether the process has certainly ended: it ran on this host and no longer exists. Nothing is known of other
  /// hosts.
  package func hasEnded(seenFrom here: LockHolder) -> Bool {
    guard host == here.host, !boot.isEmpty else { return false }
    if boot != here.boot { return true }
    guard namespace == here.namespace else { return false }
    return ProcessStatus.hasEnded(pid, started: started)
  }

  /// A description such as `process 4711 on node3 (Slurm job 77), which has had it for 12 min 05 s`.
  package func description(now: Double = SteadyClock.now) -> String {
    "process \(pid) on \(host)\(job.map { " (\($0))" } ?? ""), which has had it for "
      + ProgressLine.duration(max(0, now - since))
  }

  private static func job(_ environment: [String: String]) -> String? {
    if let id = environment["SLURM_JOB_ID"] { return "Slurm job \(id)" }
    if let id = environment["PBS_JOBID"] { return "PBS job \(id)" }
    if let id = environment["LSB_JOBID"] { return "LSF job \(id)" }
    return nil
  }
}
