import Foundation

/// Bytes in memory that, once filled, stay as they are: of a file as the system maps it, which the processes of a node
/// share, or this process's own.
///
/// Unchecked: one thread fills the bytes before any other has them, and nobody writes to them afterwards.
final class ByteBlock: @unchecked Sendable {
  /// The bytes; those of a mapped file can only be read.
  let bytes: UnsafeMutableRawBufferPointer

  /// Makes a block of zeros in this process's own memory.
  convenience init(count: Int) {
    self.init(unfilled: count)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Makes a block in this process's own memory that is filled at once, or given up.
  private init(unfilled count: Int) {
    bytes = .allocate(byteCount: count, alignment: 8)
    file = nil
  }

  /// Holds the bytes of a file that is mapped into memory and unmaps them at its end.
  init(mapped bytes: UnsafeMutableRawBufferPointer, of file: InputFile) {
    self.bytes = bytes
    self.file = file
    MappedFiles.add(UnsafeRawBufferPointer(bytes), path: file.path)
  }

  /// The file that is mapped; nil for this process's own memory.
  private let file: InputFile?

  /// Checks that no byte was cut off the mapped file. Those that were end the process where they fill pages
  /// (`MappedFiles`), but up to the end of a page they read as zeros.
  /// - Throws: `Failure(.badData)` where some were.
  func checkWhole() throws {
    guard let file, file.isCut else { return }
    throw Failure(.badData, MappedFiles.lost(file.path))
  }

  deinit {
    guard file != nil else { return bytes.deallocate() }
    MappedFiles.remove(UnsafeRawBufferPointer(bytes))
    munmap(bytes.baseAddress!, bytes.count)
  }

  /// Reads all bytes of a file or a device into this process's own memory.
  /// - Throws: `Failure(.badData)` when there is no such file or it may not be read.
  static func contents(of path: String) throws -> ByteBlock {
    if FileSystem.isDevice(path) {
      let contents = try InputFile.contents(of: path)
      let block = ByteBlock(unfilled: contents.count)
      contents.withUnsafeBytes { block.bytes.copyMemory(from: $0) }
      return block
    }
    let file = try InputFile(path: path)
    guard HostMemory.holds(file.bytes) else { throw InputFile.tooLarge(path) }
    let block = ByteBlock(unfilled: file.bytes)
    try file.read(at: 0, into: block.bytes)
    return block
  }
}
