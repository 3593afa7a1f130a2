import CKernels
import Testing

/// The kernels between a row and one of half as many numbers against plain loops.
@Suite struct PairKernelTests {
  @Test(arguments: [1, 7, 15, 16, 17, 50, 2048]) func `numbers are taken twice, and summed in pairs`(count: Int) {
    let x = (0..<count).map { Float($0) - 7.25 }
    // What lies behind a result stays as it is.
    var doubled = [Float](repeating: -1, count: 2 * count + 3)
    ck_doubled(x, &doubled, count)
    let behind: [Float] = [-1, -1, -1]
    let twice = x.flatMap { [$0, $0] }
    #expect(doubled == twice + behind)
    let wide = (0..<2 * count).map { Float($0 * $0 % 97) / 3 }
    var sums = [Float](repeating: -1, count: count + 3)
    ck_pair_sums(wide, &sums, count)
    let pairs = (0..<count).map { wide[2 * $0] + wide[2 * $0 + 1] }
    #expect(sums == pairs + behind)
  }
}
