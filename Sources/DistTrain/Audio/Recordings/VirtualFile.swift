import CSndFile
import Foundation

/// A file for libsndfile's virtual input and output, which its subclasses keep somewhere. Whoever shares one between
/// threads locks it.
///
/// Unchecked: that lock protects the position.
class VirtualFile: @unchecked Sendable {
  private(set) final var position = 0

  /// The length of the file in bytes.
  var count: Int { 0 }

  /// The result of seeking from the end of the file.
  enum End {
    /// The place is found.
    case told
    /// It is an error: a decoder cannot guess from the size how long a stream lasts.
    case refused
    /// The place stays as it is: the decoder believes that it can seek, and the end to be where it is.
    case hidden
  }

  var end: End { .told }

  /// Reads bytes from `position` on, which is within the file, and returns how many: at most as many as `target` holds.
  func read(_ target: UnsafeMutableRawBufferPointer) -> Int { 0 }

  /// Writes all bytes at `position` and returns how many.
  func write(_ source: UnsafeRawBufferPointer) -> Int { 0 }

  /// Opens the file at its start.
  /// - Precondition: this object outlives the handle that is returned.
  final func open(_ mode: Int, _ info: inout SF_INFO) -> OpaquePointer? {
    position = 0
    var callbacks = Self.callbacks
    return sf_open_virtual(&callbacks, Int32(mode), &info, Unmanaged.passUnretained(self).toOpaque())
  }

  private static func file(_ pointer: UnsafeMutableRawPointer?) -> VirtualFile {
    Unmanaged<VirtualFile>.fromOpaque(pointer!).takeUnretainedValue()
  }

  private static var callbacks: SF_VIRTUAL_IO {
    SF_VIRTUAL_IO(
      get_filelen: { sf_count_t(VirtualFile.file($0).count) },
      seek: { offset, origin, pointer in VirtualFile.file(pointer).seek(Int(offset), origin) },
      read: { target, count, pointer in
        VirtualFile.file(pointer).advance { file in
          let part = max(0, min(Int(count), file.count - file.position))
          guard part > 0 else { return 0 }
          return file.read(UnsafeMutableRawBufferPointer(start: target, count: part))
        }
      },
      write: { source, count, pointer in
        VirtualFile.file(pointer).advance { $0.write(UnsafeRawBufferPointer(start: source, count: Int(count))) }
      },
      tell: { sf_count_t(VirtualFile.file($0).position) })
  }

  private func advance(_ by: (VirtualFile) -> Int) -> sf_count_t {
    let bytes = by(self)
    position += bytes
    return sf_count_t(bytes)
  }

  /// Moves to a place. A damaged file may lead anywhere, so a place that no file has is refused.
  private func seek(_ offset: Int, _ origin: Int32) -> sf_count_t {
    if origin == SEEK_END, end != .told { return end == .refused ? -1 : sf_count_t(position) }
    let start = origin == SEEK_SET ? 0 : origin == SEEK_CUR ? position : count
    let (target, overflow) = start.addingReportingOverflow(offset)
    guard !overflow, target >= 0 else { return -1 }
    position = target
    return sf_count_t(target)
  }
}
