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

  /// Whether the kernel here tells whether the process lives: it ran on this host, since the host's last start, and has
  /// its number in the same namespace. A name alone does not tell hosts apart, because copies of a machine and pods of
  /// a cluster share theirs: one of the same name and another boot may be this host before its last start, or another
  /// one whose process lives.
  package func isVisible(from here: LockHolder) -> Bool {
    host == here.host && !boot.isEmpty && boot == here.boot && namespace == here.namespace
  }

  /// Whether the process has certainly ended: it can be seen from here and no longer exists.
  package func hasEnded(seenFrom here: LockHolder) -> Bool {
    isVisible(from: here) && ProcessStatus.hasEnded(pid, started: started)
  }

  /// A description such as `process 4711 on node3 (Slurm job 77), which has had it for 12 min 05 s`.
  package func description(now: Double = SteadyClock.now) -> String {
    "process \(pid) on \(host)\(job.map { " (\($0))" } ?? ""), which has had it for "
      + TimeWords.about(max(0, now - since))
  }

  private static func job(_ environment: [String: String]) -> String? {
    if let id = environment["SLURM_JOB_ID"] { return "Slurm job \(id)" }
    if let id = environment["PBS_JOBID"] { return "PBS job \(id)" }
    if let id = environment["LSB_JOBID"] { return "LSF job \(id)" }
    return nil
  }
}
