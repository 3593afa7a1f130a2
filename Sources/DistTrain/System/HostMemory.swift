import Foundation

/// The memory of this machine.
package enum HostMemory {
  /// All bytes of memory, whoever holds them at present.
  package static let bytes = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))

  /// The bytes of memory that this process may still take: those that the machine, or the process's control group, has
  /// left; nil where nothing says so.
  /// - Parameter root: the folder that holds proc and sys.
  package static func left(root: String = "") -> Int? {
    let read = { KernelFile.text(root + $0) }
    let available = read("/proc/meminfo").flatMap { KernelFile.bytes("MemAvailable:", in: $0) }
    return [available, ControlGroup(read: read).memoryLeft].compactMap(\.self).min()
  }

  /// Bytes in words, such as `0.34 GB`.
  package static func gigabytes(_ bytes: Double) -> String { String(format: "%.2f GB", bytes / 1e9) }

  /// Whether this process may take so many bytes.
  package static func holds(_ count: Int) -> Bool {
    // Asking the kernel takes longer than reading what is small.
    count <= 1 << 26 || count <= left() ?? bytes
  }

  /// Ends the process with one line and status 1, because what it computes cannot go on without the memory.
  /// - Parameter bytes: the number of bytes that were asked for.
  static func end(lacking bytes: Int) -> Never {
    let line =
      "svdist: \(hostName()) has no memory for a buffer of \(bytes >> 20) MiB: start fewer ranks there, or choose smaller "
      + "settings (batch, crop.seconds, encoder, longest piece)"
    StandardError.say(line)
    _exit(1)
  }
}
