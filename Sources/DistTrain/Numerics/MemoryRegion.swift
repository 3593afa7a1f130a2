import Foundation

/// Addresses for as much memory as the machine has, of which what is used is memory.
///
/// Unchecked: its addresses do not change, and `BufferPool` gives each of them to one buffer at a time.
final class MemoryRegion: @unchecked Sendable {
  /// The size of a huge page in bytes: with small pages, page faults and address translation cost as much as the
  /// arithmetic.
  static let page = 2 << 20

  private let base: UnsafeMutableRawPointer
  private let size: Int

  init() {
    // A limit on addresses (`ulimit -v`, as some batch systems set it) must leave some for the rest of the process.
    var size = max(min(HostMemory.bytes, Self.addressLimit / 2) / Self.page, 1) * Self.page
    while true {
      let memory = mmap(
        nil, size + Self.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      if let memory, memory != MAP_FAILED {
        let beyond = Int(bitPattern: memory) % Self.page
        base = beyond == 0 ? memory : memory + (Self.page - beyond)
        break
      }
      size = size / 2 / Self.page * Self.page
      guard size > 0 else { HostMemory.end(lacking: Self.page) }
    }
    self.size = size
    madvise(base, size, Int32(MADV_HUGEPAGE))
  }

  private static var addressLimit: Int {
    [RLIMIT_AS, RLIMIT_DATA].map { kind in
      var limit = rlimit()
      return getrlimit(__rlimit_resource_t(kind.rawValue), &limit) == 0 ? Int(clamping: limit.rlim_cur) : .max
    }.min() ?? .max
  }

  /// The memory at a range of byte offsets; ends the process where the region is too small for it.
  func memory(_ range: Range<Int>) -> UnsafeMutablePointer<Float> {
    guard range.upperBound <= size else { HostMemory.end(lacking: range.count) }
    return (base + range.lowerBound).bindMemory(to: Float.self, capacity: range.count / MemoryLayout<Float>.stride)
  }

  /// The byte offset of memory in the region.
  func offset(of pointer: UnsafeMutablePointer<Float>) -> Int { UnsafeMutableRawPointer(pointer) - base }

  /// Gives a range's memory back to the system; its addresses can be used again.
  func forget(_ range: Range<Int>) {
    madvise(base + range.lowerBound, range.count, Int32(MADV_DONTNEED))
  }
}
