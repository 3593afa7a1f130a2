import Foundation
import Synchronization

/// The recordings of which all bytes were looked at and found to be one stream (`AudioFile.checkNothingFollows`), for
/// those who read the same ones again and again. A file that has changed since is looked at again.
package final class WholeRecordings: Sendable {
  /// The system's record of a file, which is another one after every change to it.
  private struct State: Equatable {
    let numbers: [Int]

    /// - Parameter path: the path of a recording, or its place in a shard, whose file's state it is then.
    init?(_ path: String) {
      var status = stat()
      guard stat(ShardMember.place(path)?.shard ?? path, &status) == 0 else { return nil }
      numbers = [
        Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino), Int(status.st_size),
        status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
      ]
    }
  }

  private let known = Mutex<[Name: State]>([:])

  package init() {}

  /// Calls `check` on a recording, unless it passed before and its file is as it was then.
  package func check(_ path: String, _ check: () throws -> Void) throws {
    // The state of before: a file that changes meanwhile is looked at again.
    let state = State(path)
    if let state, known.withLock({ $0[Name(path)] }) == state { return }
    try check()
    known.withLock { $0[Name(path)] = state }
  }
}
