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
    #expect(trace.bytes(scaling: [(13, to: 1024)]) == 4 * Self.page + small)
    #expect(trace.bytes(scaling: [(13, to: 2048)]) == 8 * Self.page + small)
  }

  @Test func `matrices of fewer columns grow as theirs do`() {
    var trace = BufferTrace()
    // 1024 rows of 17 columns and of 13; what is a multiple of both is taken for the longer one.
    for count in [17 * 1024, 13 * 1024, 17 * 13 * 512] { trace.take(count: count) }
    let scaling = [(columns: 17, to: 1024), (columns: 13, to: 512)]
    #expect(trace.bytes(scaling: scaling) == (2 + 1 + 13) * Self.page)
    #expect(trace.bytes(scaling: scaling.reversed()) == (2 + 1 + 9) * Self.page)
  }

  @Test func `what was there before is not counted`() {
    var trace = BufferTrace()
    trace.give(count: 13 << 20)
    trace.take(count: 13 << 18)
    #expect(trace.bytes(scaling: [(13, to: 2)]) == Self.page)
  }
}
