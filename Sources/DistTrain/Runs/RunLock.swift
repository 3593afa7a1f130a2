import Foundation
import Synchronization

/// The lock of a run folder, which belongs to one job. A file `lock` in the folder names the process that has it and is
/// touched every few seconds.
///
/// It needs no locks of the file system, which shared ones may not have: a file is created only where none exists, and
/// replaces another one in a single operation. The lock of a process that ended without giving it back, because it was
/// killed or its host went down, is taken over: at once if the process ran on this host since the host's last start,
/// and otherwise when the file has not been touched for `patience`. Nothing is concluded from the clocks of other
/// hosts. The file is put back where somebody removed it.
package final class RunLock: Sendable {
  /// The times of a lock, in seconds.
  package struct Times: Sendable {
    /// The time between touches of the file.
    package var heartbeat = 5.0
    /// The time without a touch after which another process may take the folder.
    package var patience = 60.0

    package init() {}
  }

  /// The way in which a folder was lost.
  package enum Loss: Sendable, Equatable {
    /// Another process has it, because this one slept too long or somebody removed the file.
    case taken
    /// It has another path now.
    case moved(to: String)
    case removed
  }

  package static let name = "lock"

  private let path: String
  private let folder: HeldFolder
  private let holder: LockHolder
  private let beat = Repeater()
  private let found = Mutex(Findings())
  private let isReleased = Mutex(false)

  private struct Findings {
    var loss: Loss?
    /// Whether the file was put back, and nobody has asked for that yet.
    var wasPutBack = false
  }

  /// Takes the folder, and waits if its holder has given no sign of life yet.
  ///
  /// - Parameter waiting: receives the reason why this process waits, or takes the folder over.
  /// - Throws: `Failure(.failed)` that names the process that holds the folder, or where the system starts no thread that
  ///   touches the file.
  package init(
    folder: String, holder: LockHolder = .mine(), times: Times = Times(), waiting: (String) -> Void = { _ in }
  ) throws {
    path = folder + "/" + Self.name
    self.holder = holder
    self.folder = try HeldFolder(folder)
    let own = PartialName.make(for: path)
    defer { try? FileSystem.remove(own) }
    try Self.write(holder, to: own)
    try Self.take(path, own, holder, times, waiting)
    do {
      try beat.start(every: times.heartbeat, for: "the lock of the run folder \(folder)") { [weak self] in self?.touch()
      }
    } catch {
      release()
      throw error
    }
  }

  deinit { release() }

  /// The way in which the folder was lost; nil where it is not known to be.
  package var loss: Loss? { found.withLock { $0.loss } }

  /// Looks now whether the folder is lost, and waits for that, but no longer than so many seconds: a disk in trouble may
  /// not answer.
  package func look(atMost seconds: Double = 1) { beat.callNow(atMost: seconds) }

  /// A line about what happened to the file since the last call, without an end; nil where nothing did.
  package func takeRemark() -> String? {
    let wasPutBack = found.withLock { found in
      defer { found.wasPutBack = false }
      return found.wasPutBack
    }
    return wasPutBack
      ? "\(path) was removed and is put back: another run may have used the folder meanwhile" : nil
  }

  /// Gives the folder back. Later calls do nothing.
  package func release() {
    isReleased.withLock { isReleased in
      guard !isReleased else { return }
      isReleased = true
      beat.cancel()
      var path = path
      if case .moved(let place) = loss { path = place + "/" + Self.name }
      if Self.holder(path)?.token == holder.token { try? FileSystem.remove(path) }
    }
  }

  private func touch() {
    isReleased.withLock { isReleased in
      guard !isReleased, loss == nil else { return }
      switch Result(catching: { try Self.sign(path) }) {
      case .success(let sign?) where sign.holder.map({ $0.token != holder.token }) == true: lose(orElse: .taken)
      case .success(.none): lose(orElse: nil)
      // A disk in trouble is no reason to stop training: a process that waits for a sign of life sees the next one.
      default: _ = utimensat(AT_FDCWD, path, nil, 0)
      }
    }
  }

  /// Finds out what became of a folder in whose place this holder's file is not.
  /// - Parameter loss: what happened if the folder is still there; nil if the file is to be put back.
  private func lose(orElse loss: Loss?) {
    guard let isThere = folder.isAt(FileSystem.folder(of: path)) else { return }
    if isThere, loss == nil { return putBack() }
    let loss = isThere ? loss : folder.path.map { .moved(to: $0) } ?? .removed
    found.withLock { $0.loss = loss }
  }

  /// Makes the file again, unless another process is faster.
  private func putBack() {
    let own = PartialName.make(for: path)
    defer { try? FileSystem.remove(own) }
    guard (try? Self.write(holder, to: own)) != nil, (try? Self.create(path)) == true,
      (try? FileSystem.rename(own, to: path)) != nil
    else { return }
    found.withLock { $0.wasPutBack = true }
  }
}

extension RunLock {
  /// The parts of a lock file that tell whether its holder lives.
  struct Sign: Equatable, Sendable {
    /// The holder; nil while the file is empty.
    let holder: LockHolder?
    let touched: timespec

    static func == (one: Sign, other: Sign) -> Bool {
      one.holder == other.holder && one.touched.tv_sec == other.touched.tv_sec
        && one.touched.tv_nsec == other.touched.tv_nsec
    }
  }

  /// The seconds between two looks at another process's lock.
  private static let look = 0.2

  private static func write(_ holder: LockHolder, to path: String) throws {
    let file = try OutputFile(creating: path)
    try file.write([UInt8](try JSONEncoder().encode(holder)) + [UInt8(ascii: "\n")])
    try file.finish()
  }

  private static func take(
    _ path: String, _ own: String, _ mine: LockHolder, _ times: Times, _ waiting: (String) -> Void
  ) throws {
    while true {
      if try create(path) {
        do {
          try FileSystem.rename(own, to: path)
        } catch {
          try? FileSystem.remove(path)
          throw error
        }
        return
      }
      try StopRequest.check(waitingFor: path)
      guard let sign = try sign(path) else { continue }
      if let holder = sign.holder, holder.hasEnded(seenFrom: mine) {
        waiting(
          "\(path) is left over from a run that has ended, \(holder.description()): this run takes over the folder")
      } else {
        try watch(path, sign, mine, times, waiting)
      }
      if try replace(path, sign, own, mine) { return }
    }
  }

  /// Creates the file if there is none; false if there is one.
  private static func create(_ path: String) throws -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor >= 0 {
      _ = close(descriptor)
      return true
    }
    let number = errno
    if number == EEXIST { return false }
    throw Failure(.failed, "cannot create \(path): \(String(cString: strerror(number)))")
  }

  /// Waits for a sign of life of the holder, and returns if there is none.
  /// - Throws: `Failure(.failed)` where the holder lives.
  private static func watch(
    _ path: String, _ first: Sign, _ mine: LockHolder, _ times: Times, _ waiting: (String) -> Void
  ) throws {
    let who = first.holder.map { $0.description() } ?? "a process that is just starting"
    let refusal = Failure(
      .failed,
      "the run folder \(FileSystem.folder(of: path)) is in use by \(who): wait until it ends, or name another folder with "
        + "--run-dir")
    // A process that is known to live needs no touch of the file.
    if let holder = first.holder, holder.isVisible(from: mine) { throw refusal }
    let began = monotonicSeconds()
    var told = false
    while monotonicSeconds() - began < times.patience {
      usleep(UInt32(min(look, times.heartbeat / 4) * 1e6))
      try StopRequest.check(waitingFor: path)
      guard let now = try sign(path) else { return }
      if now != first { throw refusal }
      if !told, monotonicSeconds() - began > 1.5 * times.heartbeat {
        told = true
        waiting(
          "\(path) belongs to \(who) and was not touched for \(Int(1.5 * times.heartbeat)) s: this run takes over the "
            + "folder unless it is touched within \(Int(times.patience)) s")
      }
    }
  }

  /// Replaces a lock that nobody touched; false if another process was faster.
  private static func replace(_ path: String, _ stale: Sign, _ own: String, _ mine: LockHolder) throws -> Bool {
    guard try sign(path) == stale else { return false }
    try FileSystem.rename(own, to: path)
    // Another process may have looked at the same moment: the last one to rename has the folder, and all see which one
    // that is.
    usleep(300_000)
    guard holder(path)?.token == mine.token else {
      try write(mine, to: own)
      return false
    }
    return true
  }

  /// The state of the lock file; nil if there is none. The file is opened anew each time, because network file systems
  /// ask their server then, but not for a mere stat.
  /// - Throws: `Failure(.failed)` where it cannot be read, or is a link, a pipe, a folder or a file that is no lock, of
  ///   which nobody knows whose it is.
  static func sign(_ path: String) throws -> Sign? {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      let number = errno
      if [ENOENT, ESTALE, EINTR].contains(number) { return nil }
      if number == ELOOP { throw noLock(path, "a link") }
      throw Failure(
        .failed,
        "cannot read \(path) (\(String(cString: strerror(number)))), so nobody knows whether the run folder is in use: ask "
          + "its owner, or name another folder with --run-dir")
    }
    defer { _ = close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw noLock(path, status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a pipe or device")
    }
    // A holder takes some hundred bytes.
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = max(0, pread(descriptor, &bytes, bytes.count, 0))
    let holder = try? JSONDecoder().decode(LockHolder.self, from: Data(bytes[..<count]))
    // A lock gets its name empty, or whole with all that is in it.
    guard holder != nil || count == 0 else { throw noLock(path, "a file of something else") }
    return Sign(holder: holder, touched: status.st_mtim)
  }

  private static func noLock(_ path: String, _ what: String) -> Failure {
    Failure(
      .failed, "\(path) is \(what), not the lock of a run: remove it, or name another folder with --run-dir")
  }

  private static func holder(_ path: String) -> LockHolder? { (try? sign(path))??.holder }
}
