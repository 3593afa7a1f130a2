import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct HostMemoryTests {
  @Test func `a buffer that no memory holds ends the process in order`() async {
    await #expect(processExitsWith: .exitCode(1)) { _ = Buffer(count: 1 << 50) }
  }

  @Test func `a file of holes that is larger than the memory that is left is refused before it is read`() throws {
    try withScratchFolder { folder in
      let path = folder + "/list"
      try write("a b\n", to: path)
      // What is left changes meanwhile: this is beyond it, and may be far below all of the machine's memory.
      let left = try #require(HostMemory.left())
      #expect(truncate(path, off_t(left + left / 2)) == 0)
      let told = failure { _ = try InputFile.contents(of: path) }
      #expect(told?.kind == .badData)
      #expect(told?.message == "cannot read \(path): it has more bytes than fit into memory: is it the right file?")
    }
  }

  @Test func `small files are read whatever memory is left`() {
    #expect(HostMemory.holds(0) && HostMemory.holds(1 << 26) && !HostMemory.holds(1 << 50))
  }
}
