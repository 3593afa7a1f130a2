import DistTrain
import Testing

@Suite struct HostMemoryTests {
  @Test func `a buffer that no memory holds ends the process in order`() async {
    await #expect(processExitsWith: .exitCode(1)) { _ = Buffer(count: 1 << 50) }
  }
}
