/// A member of a shard as a file of its own. A decoder keeps it under its lock.
final class MemberFile: VirtualFile, @unchecked Sendable {
  private let member: ShardMember

  init(_ member: ShardMember) {
    self.member = member
  }

  override var count: Int { member.count }

  /// What cannot be read is missing: libsndfile then says that the file is cut off.
  override func read(_ target: UnsafeMutableRawBufferPointer) -> Int {
    guard (try? member.shard.read(at: member.offset + position, into: target)) != nil else { return 0 }
    return target.count
  }
}
