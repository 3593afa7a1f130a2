import Foundation
import Synchronization

/// The shards that were read last, kept open because shared file systems are slow at opening files.
final class OpenShards: Sendable {
  static let shared = OpenShards(limit: limit)

  private struct State {
    var files: [Name: (file: InputFile, use: Int)] = [:]
    var uses = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) {
    self.limit = limit
  }

  /// The number of shards to keep open: a quarter of the files that this process may have open, at least 16.
  private static var limit: Int {
    var limits = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else { return 64 }
    return Int(min(max(limits.rlim_cur / 4, 16), 4096))
  }

  /// The shard at a path, opened if it is not open yet.
  /// - Throws: `Failure(.badData)` when there is no such file or it may not be read.
  func file(_ path: String) throws -> InputFile {
    let known = state.withLock { state -> InputFile? in
      state.uses += 1
      state.files[Name(path)]?.use = state.uses
      return state.files[Name(path)]?.file
    }
    if let known { return known }
    let file = try InputFile(path: path)
    state.withLock { state in
      // Whoever reads a shard holds it, so that the file closes only afterwards.
      if state.files.count >= limit, let oldest = state.files.min(by: { $0.value.use < $1.value.use }) {
        state.files[oldest.key] = nil
      }
      state.files[Name(path)] = (file, state.uses)
    }
    return file
  }

  /// Closes the shards below a folder, as after the folder was replaced.
  func forget(below folder: String) {
    state.withLock { state in state.files = state.files.filter { !$0.key.text.begins(with: folder + "/") } }
  }
}

/// A member of a shard, or a whole file, as a file of its own. A decoder keeps it under its lock.
///
/// Unchecked: it is used under that lock alone.
final class MemberFile: VirtualFile, @unchecked Sendable {
  private let member: ShardMember
  private let seekingFromEnd: End

  /// - Parameter end: the result of seeking from the end of the file.
  init(_ member: ShardMember, end: End = .told) {
    self.member = member
    seekingFromEnd = end
  }

  override var count: Int { member.count }

  override var end: End { seekingFromEnd }

  /// Reads nothing where the shard cannot be read, whereupon libsndfile says that the file is cut off.
  override func read(_ target: UnsafeMutableRawBufferPointer) -> Int {
    guard (try? member.shard.read(at: member.offset + position, into: target)) != nil else { return 0 }
    return target.count
  }
}
