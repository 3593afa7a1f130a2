import DistTrain
import Testing

@Suite struct AddressRangesTests {
  @Test func `a request gets the first range that it fits in, and neighbours join`() {
    var ranges = AddressRanges()
    let starts = [10, 20, 30, 40].map { ranges.take($0) }
    #expect(starts == [0, 10, 30, 60])
    #expect(ranges.top == 100)
    ranges.give(10, 20)
    #expect(ranges.take(21) == 100)
    #expect(ranges.take(5) == 10)
    ranges.give(30, 30)
    // 15 … 60 are one range now.
    #expect(ranges.take(45) == 15)
    ranges.give(0, 10)
    ranges.give(15, 45)
    ranges.give(10, 5)
    #expect(ranges.take(60) == 0)
    #expect(ranges.top == 121)
  }

  @Test func `what is free at the end counts towards a larger range`() {
    var ranges = AddressRanges()
    _ = ranges.take(10)
    let last = ranges.take(10)
    ranges.give(last, 10)
    #expect(ranges.take(15) == 10)
    #expect(ranges.top == 25)
  }

  @Test func `trimming tells what is free and forgets it at the end`() {
    var ranges = AddressRanges()
    let starts = (0..<4).map { _ in ranges.take(10) }
    ranges.give(starts[3], 10)
    ranges.give(starts[1], 10)
    #expect(ranges.trim() == [10..<20, 30..<40])
    #expect(ranges.top == 30)
    #expect(ranges.take(10) == 10)
    #expect(ranges.take(10) == 30)
  }

  /// Any order of requests: what is taken never overlaps, and all that was given back is one range again.
  @Test func `ranges that are taken never overlap`() {
    var stream = RandomStream(seed: 5, purpose: .test)
    var ranges = AddressRanges()
    var taken: [Range<Int>] = []
    for _ in 0..<3000 {
      if taken.isEmpty || stream.below(5) < 3 && taken.count < 40 {
        let size = 1 + stream.below(50)
        let start = ranges.take(size)
        #expect(start + size <= ranges.top)
        #expect(taken.allSatisfy { !$0.overlaps(start..<start + size) })
        taken.append(start..<start + size)
      } else {
        let range = taken.remove(at: stream.below(taken.count))
        ranges.give(range.lowerBound, range.count)
      }
    }
    for range in taken { ranges.give(range.lowerBound, range.count) }
    let top = ranges.top
    #expect(ranges.take(top) == 0)
    #expect(ranges.top == top)
  }
}
