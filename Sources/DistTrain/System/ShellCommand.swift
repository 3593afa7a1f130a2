import Foundation
import Synchronization

/// A command for the shell, whose time and output are bounded, whatever it starts and leaves behind.
struct ShellCommand {
  let text: String
  /// The seconds after which the command is ended, and what it started, as far as that stayed in its process group.
  let limit: Double
  /// The largest number of bytes that the command may write to its output or into a file.
  let mostBytes: Int

  /// The way in which a command ended.
  enum End: Equatable {
    case exited(status: Int32)
    /// A signal ended it that did not come from here.
    case killed(signal: Int32)
    /// Its time was over.
    case late
    /// It ended by itself with status 0, but what it left behind held its output open until the time was over.
    case heldOpen
    /// It wrote too much.
    case overlong
  }

  /// The seconds between a request to end and the end.
  private static let grace = 2.0
  /// The seconds between looks at a command that writes nothing.
  private static let look = 0.02
  /// The seconds behind its limit at which a command ends even where this process was killed.
  private static let reserve = 10.0

  /// Runs the command once.
  /// - Parameters:
  ///   - output: a file for its output, which is whole only where it exited.
  ///   - errors: a file for its errors.
  /// - Throws: `Failure(.failed)` where it cannot be started, and where the files cannot be written.
  func run(output: String, errors: String) throws -> End {
    let (process, stream) = try start(errors: errors)
    UnfinishedWork.begin(group: process)
    defer { close(stream) }
    let deadline = monotonicSeconds() + limit
    do {
      let rest = try copy(stream, of: process, to: output, until: deadline)
      while rest == .ended, try Self.end(of: process) == nil, monotonicSeconds() < deadline { Self.pause() }
      let end = try Self.end(of: process)
      Self.finish(process, isRunning: end == nil)
      if rest == .overlong { return .overlong }
      guard let end else { return .late }
      return rest == .late && end == .exited(status: 0) ? .heldOpen : end
    } catch {
      Self.finish(process, isRunning: true)
      throw error
    }
  }

  /// Held from the moment a pipe is made until only the command that it is for can inherit it: it would stay open as
  /// long as others run.
  private static let starting = Mutex(())

  /// Starts the command in a process group of its own, with nothing to read.
  /// - Returns: its process, and the end of a pipe from which its output comes.
  private func start(errors: String) throws -> (process: pid_t, stream: Int32) {
    try Self.starting.withLock { _ in
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw Self.failure("make a pipe for", errno) }
      defer { close(ends[1]) }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      do {
        let process = try ChildProcess(
          "timeout",
          [
            "--signal=KILL", String(format: "%.3f", limit + Self.reserve),
            // The shell counts in blocks of 512 bytes.
            "sh", "-c", "ulimit -f \"$1\" && exec sh -c \"$2\"", "sh", "\((mostBytes + 511) / 512)", text,
          ], output: ends[1], errors: errors, place: .ownGroup)
        return (process.id, ends[0])
      } catch {
        close(ends[0])
        throw error
      }
    }
  }

  /// The reason why no more of a command's output is copied.
  private enum Rest {
    /// All that could write to it have ended or closed it.
    case ended
    case late
    case overlong
    /// The command failed.
    case given
  }

  /// Copies what comes from a command into a file.
  private func copy(_ source: Int32, of process: pid_t, to path: String, until deadline: Double) throws -> Rest {
    let target = try SystemCall.run(.create, path) { open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) }
    defer { close(target) }
    var block = [UInt8](repeating: 0, count: 1 << 16)
    var copied = 0
    while monotonicSeconds() < deadline {
      var request = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
      guard poll(&request, 1, Int32(Self.look * 1000)) > 0 else {
        if let end = try Self.end(of: process), end != .exited(status: 0) { return .given }
        continue
      }
      let count = try SystemCall.run(.read, path) { read(source, &block, block.count) }
      guard count > 0 else { return .ended }
      copied += count
      guard copied <= mostBytes else { return .overlong }
      var written = 0
      while written < count {
        written += try SystemCall.run(.write, path) {
          block.withUnsafeBytes { write(target, $0.baseAddress! + written, count - written) }
        }
      }
    }
    return .late
  }

  /// The way in which a process has ended, which keeps its number until it is collected; nil while it runs.
  private static func end(of process: pid_t) throws -> End? {
    var info = siginfo_t()
    while waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT) < 0 {
      guard errno == EINTR else { throw failure("wait for", errno) }
    }
    guard info.si_signo == SIGCHLD else { return nil }
    let status = info._sifields._sigchld.si_status
    return info.si_code == Int32(CLD_EXITED) ? .exited(status: status) : .killed(signal: status)
  }

  /// Ends a command's process group and collects the command.
  private static func finish(_ process: pid_t, isRunning: Bool) {
    if isRunning {
      kill(-process, SIGTERM)
      let last = monotonicSeconds() + grace
      while self.isRunning(process), monotonicSeconds() < last { pause() }
    }
    // As long as the command is not collected, no other group has its number.
    kill(-process, SIGKILL)
    UnfinishedWork.end(group: process)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }

  private static func isRunning(_ process: pid_t) -> Bool {
    do { return try end(of: process) == nil } catch { return false }
  }

  private static func pause() { usleep(2000) }

  private static func failure(_ what: String, _ number: Int32) -> Failure {
    Failure(.failed, "cannot \(what) a command: \(String(cString: strerror(number)))")
  }
}
