import DistTrain
import TestTools
import Testing

@Suite struct MultiCropTests {
  @Test func `crops are spread evenly, from the beginning to the end`() {
    let crops = MultiCrop(count: 4, seconds: 1).crops(of: 100..<100 + 40_000)
    #expect(crops.map(\.lowerBound) == [100, 8100, 16_100, 24_100])
    #expect(crops.allSatisfy { $0.count == 16_000 } && crops.last?.upperBound == 40_100)
    // NumPy's linspace(0, 7, 3), rounded down.
    #expect(MultiCrop(count: 3, seconds: 1).crops(of: 0..<16_007).map(\.lowerBound) == [0, 3, 7])
    #expect(MultiCrop(count: 3, seconds: 1).crops(of: 5..<16_005) == [5..<16_005])
    #expect(MultiCrop.usual.words == "10 crops of 4 s")
  }

  @Test func `the inner product of mean directions is the mean of all pairs' cosines`() {
    var stream = RandomStream(seed: 21, purpose: .test)
    func vectors(_ count: Int) -> [[Float]] { (0..<count).map { _ in (0..<5).map { _ in Float(3 * stream.normal()) } } }
    let (first, second) = (vectors(4), vectors(3))
    let cosines = first.flatMap { one in second.map { Double(TrialScorer.cosine(one, $0)) } }
    let mean = cosines.reduce(0, +) / 12
    let (one, other) = (MultiCrop.meanDirection(of: first), MultiCrop.meanDirection(of: second))
    let product = zip(one, other).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    #expect(abs(product - mean) < 1e-6)
    #expect(MultiCrop.meanDirection(of: [[3, 4]]) == [0.6, 0.8])
  }
}
