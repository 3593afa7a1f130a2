import CSndFile
import Foundation

/// A file in memory, for libsndfile's virtual input and output.
final class MemoryFile {
  private(set) var bytes: [UInt8] = []
  private var position = 0

  func rewind() { position = 0 }

  /// - Precondition: the file outlives what is returned.
  func open(_ mode: Int, _ info: inout SF_INFO) -> OpaquePointer? {
    var callbacks = Self.callbacks
    return sf_open_virtual(&callbacks, Int32(mode), &info, Unmanaged.passUnretained(self).toOpaque())
  }

  private static func file(_ pointer: UnsafeMutableRawPointer?) -> MemoryFile {
    Unmanaged<MemoryFile>.fromOpaque(pointer!).takeUnretainedValue()
  }

  private static var callbacks: SF_VIRTUAL_IO {
    SF_VIRTUAL_IO(
      get_filelen: { sf_count_t(MemoryFile.file($0).bytes.count) },
      seek: { offset, origin, pointer in MemoryFile.file(pointer).seek(Int(offset), origin) },
      read: { target, count, pointer in MemoryFile.file(pointer).read(target!, Int(count)) },
      write: { source, count, pointer in MemoryFile.file(pointer).write(source!, Int(count)) },
      tell: { sf_count_t(MemoryFile.file($0).position) })
  }

  private func seek(_ offset: Int, _ origin: Int32) -> sf_count_t {
    switch origin {
    case SEEK_SET: position = offset
    case SEEK_CUR: position += offset
    default: position = bytes.count + offset
    }
    return sf_count_t(position)
  }

  private func read(_ target: UnsafeMutableRawPointer, _ count: Int) -> sf_count_t {
    let part = max(0, min(count, bytes.count - position))
    bytes.withUnsafeBytes { source in
      if part > 0 { target.copyMemory(from: source.baseAddress! + position, byteCount: part) }
    }
    position += part
    return sf_count_t(part)
  }

  private func write(_ source: UnsafeRawPointer, _ count: Int) -> sf_count_t {
    let end = position + count
    if end > bytes.count { bytes.append(contentsOf: repeatElement(0, count: end - bytes.count)) }
    bytes.withUnsafeMutableBytes { target in
      if count > 0 { (target.baseAddress! + position).copyMemory(from: source, byteCount: count) }
    }
    position = end
    return sf_count_t(count)
  }
}
