/// A file in memory.
final class MemoryFile: VirtualFile, @unchecked Sendable {
  private(set) var bytes: [UInt8] = []

  override var count: Int { bytes.count }

  override func read(_ target: UnsafeMutableRawBufferPointer) -> Int {
    bytes.withUnsafeBytes {
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + target.count]))
    }
    return target.count
  }

  override func write(_ source: UnsafeRawBufferPointer) -> Int {
    let end = position + source.count
    if end > bytes.count { bytes.append(contentsOf: repeatElement(0, count: end - bytes.count)) }
    bytes.withUnsafeMutableBytes { target in
      UnsafeMutableRawBufferPointer(rebasing: target[position..<end]).copyMemory(from: source)
    }
    return source.count
  }
}
