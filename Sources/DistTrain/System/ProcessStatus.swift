import Foundation

/// The state of a process of this host as the kernel tells it (proc_pid_stat(5)).
struct ProcessStatus {
  /// `R` is running, `S` sleeping, `D` waiting for a device, `T` stopped, and `Z` ended but not yet collected by the
  /// parent.
  let state: Substring
  /// The time at which it started, in ticks since boot. It tells processes apart, because their numbers are used again.
  let started: String

  /// Reads the state of a process; nil where there is no such process or it may not be seen.
  init?(of pid: Int32) {
    // The second field is a name in parentheses that may hold blanks and parentheses itself.
    guard let text = KernelFile.text("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19 else { return nil }
    state = fields[0]
    started = String(fields[19])
  }

  /// Whether the process of this number that started then has ended for sure.
  static func hasEnded(_ pid: Int32, started: String) -> Bool {
    if kill(pid, 0) < 0, errno == ESRCH { return true }
    // Another user's process may be hidden: nothing is known of it then.
    guard let now = ProcessStatus(of: pid) else { return false }
    return now.state == "Z" || now.started != started
  }

  /// The identifier of the boot of this host's kernel, which no other host has; empty where the kernel does not tell.
  static var boot: String {
    KernelFile.text("/proc/sys/kernel/random/boot_id")?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
  }

  /// The name space that this process's number belongs to: two containers on a host use the same numbers for different
  /// processes.
  static var namespace: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
  }
}
