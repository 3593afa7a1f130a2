import Foundation
import Synchronization

/// What this process leaves behind unless it comes to its end: files and folders under names that they do not keep, and
/// groups of processes that it started. A signal that ends the process early ends these too.
package enum UnfinishedWork {
  private struct State {
    var paths: Set<String> = []
    var groups: Set<pid_t> = []
    /// The files and folders that have their names, in the order in which they got them.
    var finished: [String] = []
  }

  private static let state = Mutex(State())
  /// Held while names change hands, since an end in between would lose what has none at that moment.
  private static let naming = Mutex(())

  /// Takes note of a file or folder before it is made.
  static func begin(_ path: String) { state.withLock { _ = $0.paths.insert(path) } }

  /// Forgets a file or folder that has its name, or is gone.
  static func end(_ path: String) { state.withLock { _ = $0.paths.remove(path) } }

  /// Takes note of a process group that is to end with this process.
  static func begin(group: pid_t) { state.withLock { _ = $0.groups.insert(group) } }

  static func end(group: pid_t) { state.withLock { _ = $0.groups.remove(group) } }

  /// Gives what is whole its name, which no early end interrupts.
  /// - Parameter place: the name, under which a user finds it.
  static func finish(_ place: String, _ rename: () throws -> Void) throws {
    try naming.withLock { _ in
      try rename()
      state.withLock { $0.finished.append(place) }
    }
  }

  /// Ends the groups and removes what is not finished, and then calls `end` with the names of what is. Whoever begins or
  /// finishes something meanwhile waits.
  static func abandon(_ end: (_ finished: [String]) -> Void) {
    naming.withLock { _ in
      state.withLock { state in
        for group in state.groups {
          kill(-group, SIGKILL)
          var status: Int32 = 0
          while waitpid(group, &status, 0) < 0, errno == EINTR {}
        }
        for path in state.paths { remove(path) }
        end(state.finished.filter { place in !state.paths.contains { place.hasPrefix($0 + "/") } })
      }
    }
  }

  /// Removes a file or a folder into which other threads may be writing: under another name they do not find it.
  private static func remove(_ path: String) {
    var place = path
    if FileSystem.isFolder(path) {
      place = PartialName.make(for: path)
      if (try? FileSystem.rename(path, to: place)) == nil { place = path }
    }
    for _ in 0..<3 where (try? FileSystem.remove(place)) == nil { continue }
  }
}
