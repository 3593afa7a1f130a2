import Foundation

/// What the kernel says of a process of this host (proc_pid_stat(5)).
struct ProcessStatus {
  /// `R` running, `S` sleeping, `D` waiting for a device, `T` stopped; `Z` is what is left of a process until its parent
  /// looks.
  let state: Substring
  /// When it started, in ticks since boot: numbers of processes come again.
  let started: String

  /// nil where there is no such process, or it may not be seen.
  init?(of pid: Int32) {
    // The second field is a name in parentheses that may hold blanks and parentheses itself.
    guard let text = KernelFile.text("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19 else { return nil }
    state = fields[0]
    started = String(fields[19])
  }

  /// The name space of process numbers that this process is in: two containers on a host have the same numbers for
  /// different processes.
  static var namespace: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
  }
}
