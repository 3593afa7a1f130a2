import Foundation

/// A file that is open for reading at any offset.
package final class InputFile: Sendable {
  package let path: String
  /// The length of the file in bytes when it was opened.
  package let bytes: Int
  private let descriptor: Int32

  /// Opens a file.
  /// - Throws: `Failure(.badData)` when there is no such file, it may not be read, or it is a folder or a pipe.
  package init(path: String) throws {
    self.path = path
    let descriptor = try SystemCall.run(.read, path, kind: .badData) { open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
    var status = stat()
    let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : S_IFIFO
    guard kind != S_IFDIR, kind != S_IFIFO else {
      _ = close(descriptor)
      throw Failure(
        .badData, "cannot read \(path): it is a \(kind == S_IFDIR ? "folder" : "pipe"), a file is expected")
    }
    self.descriptor = descriptor
    bytes = Int(status.st_size)
  }

  deinit { _ = close(descriptor) }

  /// Fills the buffer with the bytes that begin at an offset.
  /// - Throws: `Failure(.badData)` when the file ends too early.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = try SystemCall.run(.read, path) {
        pread(descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(offset + filled))
      }
      guard count > 0 else {
        throw Failure(.badData, "\(path) ends at byte \(offset + filled), \(rest.count) bytes too early")
      }
      filled += count
    }
  }

  /// Reads `count` bytes that begin at an offset.
  /// - Throws: `Failure(.badData)` when the file ends too early, or when `count` is more than there is memory left.
  package func read(at offset: Int, count: Int) throws -> [UInt8] {
    guard HostMemory.holds(count) else { throw Self.tooLarge(path) }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(
        at: offset, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      initialized = count
    }
  }

  /// Whether the file is shorter now than it was when it was opened.
  var isCut: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_size < bytes
  }

  /// The first bytes, at most `count` of them; none where they cannot be read.
  func beginning(_ count: Int) -> [UInt8] { (try? read(at: 0, count: min(bytes, count))) ?? [] }

  /// Reads all bytes of a file or a device.
  /// - Throws: `Failure(.badData)` when there is no such file, it may not be read, or it does not fit into memory.
  package static func contents(of path: String) throws -> [UInt8] {
    let file = try InputFile(path: path)
    guard FileSystem.isDevice(path) else { return try file.read(at: 0, count: file.bytes) }
    var contents: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = try SystemCall.run(.read, path) { Foundation.read(file.descriptor, &block, block.count) }
      if count == 0 { return contents }
      contents += block[..<count]
      // Devices such as /dev/zero never end.
      guard contents.count <= 1 << 30 else { throw tooLarge(path) }
    }
  }

  /// The error of a file that has more bytes than fit into memory.
  static func tooLarge(_ path: String) -> Failure {
    Failure(.badData, "cannot read \(path): it has more bytes than fit into memory: is it the right file?")
  }

  /// Asks the system to drop the file from its cache, so that the next read comes from where the file lies.
  package func forget() {
    _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
  }

  /// Maps the whole file into memory: its pages are read when they are looked at, once for all processes of a node.
  /// - Throws: `Failure(.badData)` when the file is empty or cannot be mapped.
  func mapped() throws -> ByteBlock {
    guard bytes > 0, let address = mmap(nil, bytes, PROT_READ, MAP_SHARED, descriptor, 0), address != MAP_FAILED else {
      throw Failure(.badData, "cannot read \(path): \(bytes == 0 ? "it is empty" : String(cString: strerror(errno)))")
    }
    return ByteBlock(mapped: UnsafeMutableRawBufferPointer(start: address, count: bytes), of: self)
  }

  /// The SHA-256 of all bytes in hexadecimal.
  package func digest() throws -> String { try digestBytes().hexadecimal }

  /// The 32 bytes of the SHA-256 of all bytes.
  func digestBytes() throws -> [UInt8] {
    var digest = SHA256()
    var offset = 0
    while offset < bytes {
      let block = try read(at: offset, count: min(bytes - offset, 1 << 20))
      block.withUnsafeBytes { digest.update($0) }
      offset += block.count
    }
    return digest.finish()
  }
}
