import Foundation

/// The process that holds a run folder, as its lock file says it.
package struct LockHolder: Codable, Sendable, Equatable {
  package var host: String
  package var pid: Int32
  /// The batch system's job, such as `Slurm job 77`; nil outside of one.
  package var job: String?
  /// When the process took the folder, in seconds since 1970.
  package var since: Double
  /// The boot of the host's kernel.
  package var boot: String
  /// The name space of `pid`: two containers on a host have the same numbers for different processes.
  package var namespace: String
  /// When the process started, by the kernel's count: numbers of processes come again.
  package var started: String
  /// Differs between any two holders.
  package var token: String

  /// This process.
  package static func mine(environment: [String: String] = ProcessInfo.processInfo.environment) -> LockHolder {
    let pid = getpid()
    return LockHolder(
      host: hostName(), pid: pid, job: job(environment), since: SteadyClock.now,
      boot: KernelFile.text("/proc/sys/kernel/random/boot_id")?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "",
      namespace: ProcessStatus.namespace, started: ProcessStatus(of: pid)?.started ?? "", token: UUID().uuidString)
  }

  /// Whether the process has ended for sure: it ran on this host, and is no more. Of another host nothing is known.
  package func hasEnded(seenFrom here: LockHolder) -> Bool {
    guard host == here.host, !boot.isEmpty else { return false }
    if boot != here.boot { return true }
    guard namespace == here.namespace else { return false }
    return ProcessStatus.hasEnded(pid, started: started)
  }

  /// `process 4711 on node3 (Slurm job 77), which has had it for 12 min 05 s`.
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
