import Foundation
import Synchronization

/// The end of a command by a signal before its work is done: what is half-written goes, and a line says what is kept.
/// Training ends in another way, by `StopRequest`.
package enum EarlyEnd {
  /// The end of a pipe that a signal's number is written to; -1 before there is one.
  private static let channel = Atomic<Int32>(-1)
  private static let interrupts = Atomic(0)

  /// From now on SIGINT, SIGTERM and SIGUSR1 end the process in order, except for those that it was started to outlive;
  /// a second SIGINT ends it at once. Where the system starts no thread, they end it as they would have.
  /// - Parameters:
  ///   - status: the exit status.
  ///   - isSilent: whether another process, such as rank 0, says the line: it gets a moment to do so.
  ///   - progress: how much of the work is done, such as `300 of 1200 utterances embedded`, asked where a signal comes;
  ///     nil where that is not known.
  package static func watch(status: Int32, isSilent: Bool, progress: @escaping @Sendable () -> String?) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let (source, target) = (ends[0], ends[1])
    let isWatching = SystemThread.start {
      let signal = received(from: source)
      UnfinishedWork.abandon { finished in
        if isSilent {
          sleep(2)
        } else {
          StandardError.say("svdist: " + line(by: signal, progress(), finished: finished).shown)
        }
        fflush(nil)
        _exit(status)
      }
    }
    guard isWatching else {
      for end in ends { close(end) }
      return
    }
    channel.store(target, ordering: .releasing)
    for number in [SIGINT, SIGTERM, SIGUSR1] where !isIgnored(number) {
      // Only write(2) and its like are allowed in a handler.
      Foundation.signal(number) { number in
        if number == SIGINT, EarlyEnd.interrupts.add(1, ordering: .relaxed).oldValue > 0 { _exit(128 + SIGINT) }
        let saved = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(EarlyEnd.channel.load(ordering: .acquiring), &byte, 1)
        errno = saved
      }
    }
  }

  /// The line that says how a command ended.
  /// - Parameters:
  ///   - progress: how much of the work was done; nil where that is not known.
  ///   - finished: the files and folders that are whole.
  package static func line(by signal: Int32, _ progress: String?, finished: [String]) -> String {
    let begun = "stopped by \(StopRequest.name(signal))\(progress.map { " after \($0)" } ?? "")"
    guard !finished.isEmpty else { return "\(begun): nothing was written; the same command starts over" }
    let names = finished.distinct.joined(separator: ", ")
    return "\(begun): \(names) \(finished.distinct.count == 1 ? "is" : "are") whole and kept, the rest was not written"
  }

  /// The first signal.
  private static func received(from source: Int32) -> Int32 {
    var byte: UInt8 = 0
    while read(source, &byte, 1) < 0, errno == EINTR {}
    return Int32(byte)
  }

  /// Whether the process was started to outlive a signal, as by nohup or in the background of a script.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    return sigaction(number, nil, &action) == 0
      && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
