import DistTrain
import Testing

@Suite struct LengthBoundsTests {
  private func bounds(_ trials: [(seconds: Double?, targets: Int, others: Int)]) -> [Double] {
    let lengths = trials.flatMap { Array(repeating: $0.seconds, count: $0.targets + $0.others) }
    let targets = trials.flatMap { one in (0..<one.targets + one.others).map { $0 < one.targets } }
    return LengthBounds.bounds(lengths, targets: targets)
  }

  @Test func `each class has targets and non-targets enough, the rest too`() {
    #expect(bounds([(1.2, 100, 200), (3.5, 100, 200), (7, 100, 200)]) == [1.5, 4])
    // A length at a bound is in the class above it; 40 targets are no class.
    #expect(bounds([(1.5, 40, 200), (3.5, 100, 200), (4, 100, 200)]) == [4])
    // Of non-targets, a fifth.
    #expect(bounds([(1.2, 100, 199), (3.5, 100, 400), (7, 100, 401)]) == [4])
    #expect(bounds([(1.2, 49, 200), (7, 49, 200)]) == [])
    #expect(bounds([(1.2, 50, 200), (7, 50, 200)]) == [1.5])
  }

  @Test func `there are five classes at most, and unknown lengths are in none`() {
    let many = (1...60).map { (seconds: Double?.some(Double($0)), targets: 100, others: 100) }
    #expect(bounds(many) == [15, 30])
    #expect(bounds([(1.2, 60, 60), (nil, 1000, 1000), (7, 60, 60)]) == [1.5])
    #expect(bounds([(nil, 1000, 1000)]) == [])
    #expect(bounds([]) == [])
  }
}
