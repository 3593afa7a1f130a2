import Foundation

/// The state of a process of this host as the kernel tells it (proc_pid_stat(5)).
package struct ProcessStatus {
  /// The name of its program, cut to 15 bytes.
  package let name: Substring
  /// `R` is running, `S` sleeping, `D` waiting for a device, `T` stopped, and `Z` ended but not yet collected by the
  /// parent.
  let state: Substring
  /// The number of the process that started it, or took it over.
  package let parent: Int32
  /// The time at which it started, in ticks since boot. It tells processes apart, because their numbers are used again.
  let started: String

  /// Reads the state of a process; nil where there is no such process or it may not be seen.
  package init?(of pid: Int32) {
    // The second field is a name in parentheses that may hold blanks and parentheses itself.
    guard let text = KernelFile.text("/proc/\(pid)/stat"), let start = text.firstIndex(of: "("),
      let end = text.lastIndex(of: ")"), start < end
    else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, let parent = Int32(fields[1]) else { return nil }
    name = text[text.index(after: start)..<end]
    state = fields[0]
    self.parent = parent
    started = String(fields[19])
  }

  /// The processes that a process of one thread has started and that are there; none where the kernel does not tell.
  package static func children(of pid: Int32) -> [ProcessStatus] {
    let numbers = KernelFile.text("/proc/\(pid)/task/\(pid)/children") ?? ""
    return numbers.split(separator: " ").compactMap { Int32($0).flatMap { ProcessStatus(of: $0) } }
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
