import DistTrain
import Testing

@Suite struct BufferTraceTests {
  private static let page = 2 << 20

  @Test func `matrices grow with their columns, other buffers stay, and memory is used again`() {
    var trace = BufferTrace()
    // 1024 rows of 13 columns, twice at a time, and then as large a one in the place of the first.
    for _ in 0..<2 { trace.take(count: 13 * 1024) }
    trace.give(count: 13 * 1024)
    trace.take(count: 13 * 1024)
    trace.take(count: 1000)
    let small = 4096
    // 1024 rows of 1024 columns are 4 MiB.
    #expect(trace.bytes(columns: 13, as: 1024) == 4 * Self.page + small)
    #expect(trace.bytes(columns: 13, as: 2048) == 8 * Self.page + small)
  }

  @Test func `what was there before is not counted`() {
    var trace = BufferTrace()
    trace.give(count: 13 << 20)
    trace.take(count: 13 << 18)
    #expect(trace.bytes(columns: 13, as: 2) == Self.page)
  }
}
