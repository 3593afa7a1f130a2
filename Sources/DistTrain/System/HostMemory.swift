import Foundation

/// The memory of this machine.
package enum HostMemory {
  /// All bytes of memory, whoever holds them at present.
  package static let bytes = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))

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
