import Foundation
import Synchronization

/// Ends a program that asks for it with one line where the bytes of a mapped file are gone: the file was cut, or its
/// disk failed, for which the system has no other word than SIGBUS.
package enum MappedFiles {
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
  /// The exit status where bytes are gone.
  /// Unsafe: set before the handler is, and only read by it.
  private nonisolated(unsafe) static var status: Int32 = 0
  private static let places = Mutex(Watch.unwanted)

  /// Whether the signal is handled here.
  private enum Watch {
    /// The signal does what it always does.
    case unwanted
    /// The signal is handled from the first mapped file on, because libraries that start in between, such as those of
    /// networks, handle it too.
    case wanted
    case begun
  }

  /// From now on, the process ends with this status where bytes of a mapped file are gone. A program calls it before
  /// any file is mapped.
  package static func endWhereLost(status: Int32) {
    places.withLock { watch in
      self.status = status
      watch = .wanted
    }
  }

  /// What is told of a file whose bytes are gone.
  static func lost(_ path: String) -> String {
    "\(path) can no longer be read: it was cut while it was in use, or its disk failed: bring it back (svdist prepare "
      + "writes it) and run the same command again"
  }

  /// Takes up the addresses of a mapped file.
  static func add(_ bytes: UnsafeRawBufferPointer, path: String) {
    places.withLock { watch in
      if watch == .wanted {
        handleSignal()
        watch = .begun
      }
      guard let place = (0..<capacity).first(where: { entries[$0] == nil }),
        let line = strdup("svdist: \(lost(path))\n")
      else { return }
      entries[place] = Entry(start: UInt(bitPattern: bytes.baseAddress), count: UInt(bytes.count), line: line)
    }
  }

  /// Forgets them, before the file is unmapped.
  static func remove(_ bytes: UnsafeRawBufferPointer) {
    places.withLock { _ in
      for place in 0..<capacity where entries[place]?.start == UInt(bitPattern: bytes.baseAddress) {
        free(entries[place]?.line)
        entries[place] = nil
      }
    }
  }

  private static func handleSignal() {
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
