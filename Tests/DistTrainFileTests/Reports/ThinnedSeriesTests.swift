import DistTrain
import Testing

@Suite struct ThinnedSeriesTests {
  @Test func `few numbers stay as they are`() {
    var series = ThinnedSeries(most: 4)
    for (step, value) in [(1, 0.5), (2, -1), (4, 3)] { series.add(value, step: step) }
    #expect(series.width == 1)
    #expect(series.bins.map(\.mean) == [0.5, -1, 3])
    #expect(series.bins.map(\.middle) == [1, 2, 4])
  }

  @Test func `many numbers keep extremes and means of every stretch`() {
    let values = (0..<1000).map { Double(($0 * 7919) % 1000) }
    var series = ThinnedSeries(most: 10)
    for (index, value) in values.enumerated() { series.add(value, step: index + 1) }
    #expect(series.width == 128)
    #expect(series.bins.count == 8)
    for bin in series.bins {
      let own = bin.steps.map { values[$0 - 1] }
      #expect(bin.count == own.count)
      #expect((bin.least, bin.greatest) == (own.min() ?? 0, own.max() ?? 0))
      #expect(abs(bin.mean - own.reduce(0, +) / Double(own.count)) < 1e-9)
      #expect(bin.middle == Double(bin.steps.lowerBound + bin.steps.upperBound) / 2)
    }
    #expect(series.bins.map(\.steps.lowerBound) == [1, 128, 256, 384, 512, 640, 768, 896])
    #expect(series.bins.last?.steps.upperBound == 1000)
  }

  @Test func `the bins are the same however the steps are spread, and any step is held`() {
    var series = ThinnedSeries(most: 2)
    for step in [1, 3, 1_000_000_000_000, Int.max - 1, Int.max] { series.add(Double(step), step: step) }
    #expect(series.bins.count <= 2)
    #expect(series.bins.last?.greatest == Double(Int.max))
    #expect(series.bins.reduce(0) { $0 + $1.count } == 5)
  }

  @Test func `what no axis holds is left out`() {
    var series = ThinnedSeries(most: 4)
    for (index, value) in [Double.nan, .infinity, -.infinity, 1e101, 2].enumerated() {
      series.add(value, step: index + 1)
    }
    #expect(series.bins.map(\.mean) == [2])
  }
}
