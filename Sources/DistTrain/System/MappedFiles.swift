import Foundation
import Synchronization

/// Ends the process with one line where the bytes of a mapped file are gone: the file was cut, or its disk failed, for
/// which the system has no other word than SIGBUS.
enum MappedFiles {
  /// Addresses and the line about them, in memory that stays in its place: nothing else may be read in the handler of a
  /// signal.
  private struct Entry {
    var start: UInt
    var count: UInt
    var line: UnsafeMutablePointer<CChar>
  }

  /// More files than a process of svdist maps at a time; beyond them, a file would have no line.
  private static let capacity = 64
  /// Unsafe: changed under `places` alone, and read by the handler where memory of an entry is touched.
  private nonisolated(unsafe) static let entries: UnsafeMutablePointer<Entry?> = {
    let entries = UnsafeMutablePointer<Entry?>.allocate(capacity: capacity)
    entries.initialize(repeating: nil, count: capacity)
    return entries
  }()
  private static let isWatching = Mutex(false)
  /// Bad data, EX_DATAERR of sysexits.h.
  private static let status: Int32 = 65

  /// Takes up the addresses of a mapped file.
  static func add(_ bytes: UnsafeRawBufferPointer, path: String) {
    isWatching.withLock { isWatching in
      if !isWatching { watch() }
      isWatching = true
      guard let place = (0..<capacity).first(where: { entries[$0] == nil }),
        let line = strdup(
          "svdist: \(path) can no longer be read: it was cut while it was in use, or its disk failed: bring it back (svdist "
            + "prepare writes it) and run the same command again\n")
      else { return }
      entries[place] = Entry(start: UInt(bitPattern: bytes.baseAddress), count: UInt(bytes.count), line: line)
    }
  }

  /// Forgets them, before the file is unmapped.
  static func remove(_ bytes: UnsafeRawBufferPointer) {
    isWatching.withLock { _ in
      for place in 0..<capacity where entries[place]?.start == UInt(bitPattern: bytes.baseAddress) {
        free(entries[place]?.line)
        entries[place] = nil
      }
    }
  }

  private static func watch() {
    _ = entries
    var action = sigaction()
    action.__sigaction_handler.sa_sigaction = { number, information, _ in
      let address = information.map { UInt(bitPattern: $0.pointee._sifields._sigfault.si_addr) } ?? 0
      MappedFiles.end(touching: address)
      // Any other address is a mistake of the program: the signal comes again and does what it always does.
      signal(number, SIG_DFL)
    }
    action.sa_flags = SA_SIGINFO
    sigaction(SIGBUS, &action, nil)
  }

  /// Only write(2) and _exit(2) are allowed here.
  private static func end(touching address: UInt) {
    for place in 0..<capacity {
      guard let entry = entries[place], address &- entry.start < entry.count else { continue }
      _ = write(STDERR_FILENO, entry.line, strlen(entry.line))
      _exit(status)
    }
  }
}
