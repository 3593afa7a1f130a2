import Foundation

/// The bytes of a recording as they are stored, which tell what decoders pass over without a word.
final class RecordingBytes {
  /// The name of the recording in errors.
  let path: String
  let size: Int
  private let source: Source
  /// The bytes that were read last, from `windowStart` on, so that headers are read many at a time.
  private var window: [UInt8] = []
  private var windowStart = 0
  private let windowSize: Int

  private enum Source {
    case file(descriptor: Int32)
    case member(ShardMember)
  }

  /// Opens the bytes of a recording.
  /// - Parameters:
  ///   - member: the place of the recording within a shard, or nil for a file of its own.
  ///   - window: the number of bytes to read at once where fewer are wanted.
  /// - Throws: `Failure(.badData)` for a recording that is missing, unreadable, empty, or not a regular file.
  init(path: String, member: ShardMember?, window: Int = 512) throws(Failure) {
    self.path = path
    windowSize = window
    if let member {
      (source, size) = (.member(member), member.count)
    } else {
      (source, size) = try Self.open(path)
    }
    guard size > 0 else { throw AudioFile.unusable(path, "is empty (0 bytes): copy or convert it again") }
  }

  deinit {
    if case .file(let descriptor) = source { close(descriptor) }
  }

  private static func open(_ path: String) throws(Failure) -> (Source, Int) {
    // A pipe that nobody writes to must not keep the reader waiting.
    let descriptor = Foundation.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      let reason = errno == ENOENT ? "no such file" : "cannot be read (\(String(cString: strerror(errno))))"
      throw AudioFile.unusable(path, reason)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw AudioFile.unusable(path, "is not a file: give a recording, not a folder, pipe or device")
    }
    var byte: UInt8 = 0
    guard pread(descriptor, &byte, 1, 0) >= 0 else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw AudioFile.unusable(path, "cannot be read (\(reason))")
    }
    return (.file(descriptor: descriptor), Int(status.st_size))
  }

  /// Reads up to `count` bytes; there are fewer at the end of the recording.
  func read(at offset: Int, count: Int) -> [UInt8] {
    guard (0..<size).contains(offset), count <= windowSize else { return stored(at: offset, count: count) }
    let end = min(offset + count, size)
    if offset < windowStart || end > windowStart + window.count {
      window = stored(at: offset, count: windowSize)
      windowStart = offset
    }
    return Array(window[min(offset - windowStart, window.count)..<min(end - windowStart, window.count)])
  }

  private func stored(at offset: Int, count: Int) -> [UInt8] {
    guard (0..<size).contains(offset), count > 0 else { return [] }
    switch source {
    case .member(let member): return member.read(at: offset, count: count)
    case .file(let descriptor):
      return [UInt8](unsafeUninitializedCapacity: min(count, size - offset)) { buffer, initialized in
        initialized = max(0, pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)))
      }
    }
  }

  /// Whether the bytes at an offset are these.
  func has(_ text: String, at offset: Int) -> Bool {
    read(at: offset, count: text.utf8.count).elementsEqual(text.utf8)
  }
}
