import CSndFile
import Foundation

/// A member of a shard as a file of its own, for libsndfile's virtual input. A decoder keeps it under its lock.
final class MemberFile: @unchecked Sendable {
  private let member: ShardMember
  private var position = 0

  init(_ member: ShardMember) {
    self.member = member
  }

  /// - Precondition: this outlives what is returned.
  func open(_ info: inout SF_INFO) -> OpaquePointer? {
    position = 0
    var callbacks = Self.callbacks
    return sf_open_virtual(&callbacks, Int32(SFM_READ), &info, Unmanaged.passUnretained(self).toOpaque())
  }

  private static func file(_ pointer: UnsafeMutableRawPointer?) -> MemberFile {
    Unmanaged<MemberFile>.fromOpaque(pointer!).takeUnretainedValue()
  }

  private static var callbacks: SF_VIRTUAL_IO {
    SF_VIRTUAL_IO(
      get_filelen: { sf_count_t(MemberFile.file($0).member.count) },
      seek: { offset, origin, pointer in MemberFile.file(pointer).seek(Int(offset), origin) },
      read: { target, count, pointer in MemberFile.file(pointer).read(target!, Int(count)) },
      write: { _, _, _ in 0 },
      tell: { sf_count_t(MemberFile.file($0).position) })
  }

  private func seek(_ offset: Int, _ origin: Int32) -> sf_count_t {
    switch origin {
    case SEEK_SET: position = offset
    case SEEK_CUR: position += offset
    default: position = member.count + offset
    }
    return sf_count_t(position)
  }

  /// What cannot be read is missing: libsndfile then says that the file is cut off.
  private func read(_ target: UnsafeMutableRawPointer, _ count: Int) -> sf_count_t {
    let part = max(0, min(count, member.count - max(0, position)))
    guard part > 0, position >= 0 else { return 0 }
    let buffer = UnsafeMutableRawBufferPointer(start: target, count: part)
    guard (try? member.shard.read(at: member.offset + position, into: buffer)) != nil else { return 0 }
    position += part
    return sf_count_t(part)
  }
}
