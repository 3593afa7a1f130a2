import DistTrain
import Testing

@Suite struct RandomStreamTests {
  @Test func `blocks equal the known answers of the authors' Random123`() {
    #expect(
      RandomStream.permute(SIMD4(repeating: 0), key: SIMD2(repeating: 0))
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      RandomStream.permute(SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      RandomStream.permute(
        SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func `streams differ in every key, and equal keys give equal streams`() {
    func first(_ seed: UInt64, _ purpose: RandomPurpose, _ keys: [Int]) -> UInt64 {
      var stream = RandomStream(
        seed: seed, purpose: purpose, epoch: keys[0], item: keys[1], occurrence: keys[2], view: keys[3])
      return stream.next()
    }
    var values = [first(1, .crop, [0, 0, 0, 0]), first(2, .crop, [0, 0, 0, 0]), first(1, .dither, [0, 0, 0, 0])]
    for key in 0..<4 {
      for value in [1, 2, 1 << 20] {
        var keys = [0, 0, 0, 0]
        keys[key] = value
        values.append(first(1, .crop, keys))
      }
    }
    #expect(Set(values).count == values.count)
    #expect(first(7, .crop, [1, 2, 3, 4]) == first(7, .crop, [1, 2, 3, 4]))
  }

  @Test func `what is left out of a stream's beginning does not change the rest`() {
    var whole = RandomStream(seed: 3, purpose: .test, item: 4)
    let numbers = (0..<40).map { _ in whole.next() }
    for count in [0, 1, 2, 7, 20, 39] {
      var stream = RandomStream(seed: 3, purpose: .test, item: 4)
      stream.skip(count)
      #expect((count..<40).map { _ in stream.next() } == Array(numbers[count...]))
    }
  }

  @Test func `uniform and normal numbers have their moments`() {
    var stream = RandomStream(seed: 1, purpose: .test)
    let count = 100_000
    let uniforms = (0..<count).map { _ in stream.uniform() }
    let normals = (0..<count).map { _ in stream.normal() }
    func mean(_ values: [Double], _ power: Int) -> Double {
      values.reduce(0) { sum, value in sum + (0..<power).reduce(1.0) { product, _ in product * value } } / Double(count)
    }
    #expect(uniforms.allSatisfy { (0..<1).contains($0) })
    #expect(abs(mean(uniforms, 1) - 0.5) < 0.005)
    #expect(abs(mean(uniforms, 2) - 1.0 / 3) < 0.005)
    #expect(abs(mean(normals, 1)) < 0.02)
    #expect(abs(mean(normals, 2) - 1) < 0.03)
    #expect(abs(mean(normals, 4) - 3) < 0.2)
  }

  @Test func `a shuffle keeps the elements and moves them`() {
    var stream = RandomStream(seed: 1, purpose: .test)
    let shuffled = stream.shuffled(0..<100)
    #expect(shuffled.sorted() == Array(0..<100))
    #expect(shuffled != Array(0..<100))
  }
}
