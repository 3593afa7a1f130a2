import DistTrain
import Testing

/// Numbers, times, memory and tables as messages have them.
@Suite struct WordsTests {
  @Test func `a number goes with its noun`() {
    #expect([0, 1, 2].map { $0.counted("step") } == ["0 steps", "1 step", "2 steps"])
    #expect([1, 7].map { $0.counted("batch") } == ["1 batch", "7 batches"])
    #expect([1, 2].map { $0.ifOne("is", "are") } == ["is", "are"])
  }

  @Test(
    arguments: [
      (0.2, "1 s", "0 min 00 s"), (45, "45 s", "0 min 45 s"), (59.6, "1 min 00 s", "1 min 00 s"),
      (130, "2 min 10 s", "2 min 10 s"), (3840, "1 h 04 min", "1 h 04 min"), (266_640, "3 d 2 h", "74 h 04 min"),
      (.infinity, "?", "?"), (.nan, "?", "?"),
    ] as [(Double, String, String)])
  func `a time is about so long, or exactly`(seconds: Double, about: String, exact: String) {
    #expect(TimeWords.about(seconds) == about)
    #expect(TimeWords.exact(seconds) == exact)
  }

  @Test func `memory has hundredths of gigabytes`() {
    #expect([3.4e8, 3e9, 6.871e9, 0].map(HostMemory.gigabytes) == ["0.34 GB", "3.00 GB", "6.87 GB", "0.00 GB"])
  }

  @Test func `columns are as wide as their widest field, at the left or at the right`() {
    let rows = [["", "a", "long"], ["name", "1", "2"], ["x", "100", ""]]
    #expect(TextTable(leftColumns: 1).text(rows) == "        a  long\nname    1     2\nx     100")
    #expect(TextTable(leftColumns: 3).text(rows) == "      a    long\nname  1    2\nx     100")
    #expect(TextTable(leftColumns: 0, gap: 0).line(["ab", "c"], widths: [1, 3]) == "ab  c")
    #expect(TextTable(leftColumns: 0).widths(of: rows, least: [5, 0, 0]) == [5, 3, 4])
    #expect(TextTable(leftColumns: 1).text([]).isEmpty && TextTable(leftColumns: 1).line([""], widths: [4]).isEmpty)
  }
}
