import Foundation

/// A file that is written from its beginning and that counts and digests its bytes.
package final class OutputFile {
  package let path: String
  /// The number of bytes handed to the system so far.
  package private(set) var bytes = 0
  private var descriptor: Int32
  private var digest = SHA256()
  private var pending: [UInt8] = []

  /// The size in bytes of the blocks that small writes are gathered into and large ones are cut into.
  private static let block = 1 << 20

  /// Creates the file, or empties an existing one. What a path such as `/dev/stdout` stands for is written on.
  package convenience init(path: String) throws {
    if let open = FileSystem.openDescriptor(path) {
      self.init(path, descriptor: try SystemCall.run(.write, path) { fcntl(open, F_DUPFD_CLOEXEC, 0) })
    } else {
      try self.init(path, O_CREAT | O_TRUNC)
    }
  }

  /// Creates the file, where nothing has its name yet; a link is not followed.
  /// - Parameter old: a file whose permissions it is to have, if there is such a file.
  package convenience init(creating path: String, like old: String? = nil) throws {
    let flags = O_CREAT | O_EXCL | O_NOFOLLOW
    var status = stat()
    guard let old, stat(old, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      try self.init(path, flags)
      return
    }
    // Nobody reads its beginning who may not read the old file.
    try self.init(path, flags, mode: 0o600)
    _ = fchmod(descriptor, status.st_mode & 0o777)
  }

  private convenience init(_ path: String, _ flags: Int32, mode: mode_t = 0o666) throws {
    self.init(path, descriptor: try SystemCall.run(.create, path) { open(path, O_WRONLY | O_CLOEXEC | flags, mode) })
  }

  private init(_ path: String, descriptor: Int32) {
    (self.path, self.descriptor) = (path, descriptor)
  }

  deinit {
    if descriptor >= 0 { _ = Foundation.close(descriptor) }
  }

  /// Writes lines, each with a line break, to a new file and waits until they are on disk.
  package static func write(lines: [String], to path: String) throws {
    let file = try OutputFile(path: path)
    for line in lines { try file.write(line + "\n") }
    try file.finish()
  }

  /// Adds text in UTF-8.
  package func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  /// Adds bytes.
  package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Adds bytes, which may stay in memory until `flush` or `finish`.
  /// - Throws: `Failure(.failed)` with the path and the system's reason.
  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    if bytes.count < Self.block / 16 {
      pending.append(contentsOf: bytes)
      if pending.count >= Self.block { try flush() }
      return
    }
    try flush()
    try put(bytes)
  }

  /// Hands the gathered bytes to the system.
  package func flush() throws {
    let block = pending
    pending.removeAll(keepingCapacity: true)
    try block.withUnsafeBytes { try put($0) }
  }

  /// Writes what is left, waits until all bytes are on disk (unless `syncing` is false) and closes the file.
  /// - Returns: the SHA-256 of the bytes in hexadecimal.
  @discardableResult
  package func finish(syncing: Bool = true) throws -> String {
    try flush()
    if syncing { try SystemCall.run(.sync, path) { fsync(descriptor) } }
    let closing = descriptor
    descriptor = -1
    try SystemCall.run(.close, path) { Foundation.close(closing) }
    return digest.finish().hexadecimal
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let block = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.block))
      let written = try SystemCall.run(.write, path) { Foundation.write(descriptor, block.baseAddress, block.count) }
      digest.update(UnsafeRawBufferPointer(rebasing: block.prefix(written)))
      self.bytes += written
      rest = rest.dropFirst(written)
    }
  }
}
