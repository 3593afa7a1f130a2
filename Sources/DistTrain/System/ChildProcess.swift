import Foundation

/// A program that this one starts. Foundation's own way needs a thread of its own, for which it waits for ever where the
/// system starts no more.
package struct ChildProcess: Sendable {
  /// The process group and session that a program is started in.
  package enum Place: Sendable {
    /// Those of this process, so that it hears the signals of a terminal with it.
    case group
    /// A group of its own, which can be ended as a whole.
    case ownGroup
    /// A session of its own, which the signals of a terminal do not reach.
    case ownSession

    fileprivate var flag: Int32 {
      switch self {
      case .group: 0
      case .ownGroup: Int32(POSIX_SPAWN_SETPGROUP)
      // POSIX_SPAWN_SETSID, which Swift's module of the C library leaves out.
      case .ownSession: 0x80
      }
    }
  }

  package let id: Int32

  /// Starts a program of the search path, with no signal blocked or ignored. Its input is empty.
  /// - Parameters:
  ///   - output: the descriptor of what gets its output; nil for this process's own.
  ///   - errors: the file that gets its errors; nil for this process's own.
  ///   - place: where signals reach it.
  /// - Throws: `Failure(.failed)` with the system's reason where it cannot be started.
  package init(
    _ program: String, _ arguments: [String], output: Int32? = nil, errors: String? = nil, place: Place = .group
  ) throws {
    Self.keepEndings()
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | place.flag))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    if let output { posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) }
    if let errors {
      posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    }
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process = pid_t()
    let code = posix_spawnp(&process, program, &actions, &attributes, &words, environ)
    guard code == 0 else { throw Failure(.failed, "cannot start \(program): \(String(cString: strerror(code)))") }
    id = process
  }

  /// Where a parent ignores the ends of its children, nobody learns how they ended.
  private static func keepEndings() {
    var action = sigaction()
    guard sigaction(SIGCHLD, nil, &action) == 0,
      unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    else { return }
    signal(SIGCHLD, SIG_DFL)
  }

  /// Waits for the end of the program. It is told once.
  /// - Returns: its exit status, or 128 + the signal that ended it.
  /// - Throws: `Failure(.failed)` with the system's reason where that cannot be found out.
  package func wait() throws -> Int32 {
    while true { if let status = try status(options: 0) { return status } }
  }

  /// The status of the program as `wait` returns it; nil while it runs. It is told once.
  package func statusIfEnded() throws -> Int32? { try status(options: WNOHANG) }

  private func status(options: Int32) throws -> Int32? {
    var status: Int32 = 0
    let ended = waitpid(id, &status, options)
    if ended == 0 || ended < 0 && errno == EINTR { return nil }
    guard ended == id else {
      throw Failure(.failed, "cannot wait for process \(id): \(String(cString: strerror(errno)))")
    }
    let signal = status & 0x7F
    return signal == 0 ? status >> 8 & 0xFF : 128 + signal
  }
}
