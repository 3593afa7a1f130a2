import CKernels
import DistTrain
import Foundation
import TestTools
import Testing

/// The kernels of layers over time alone against plain loops in double precision.
@Suite struct TimeKernelTests {
  private static func numbers(_ count: Int, item: Int) -> [Float] {
    var stream = RandomStream(seed: 9, purpose: .test, item: item)
    return (0..<count).map { _ in Float(stream.normal()) }
  }

  /// Numbers of either sign from 2⁻⁶⁰ to 13, evenly in their logarithms and then evenly themselves.
  private static let arguments: [Float] = {
    let exponents = (0..<4000).map { -60 + 63.7 * Float($0) / 4000 }
    let magnitudes: [Float] = exponents.map { exp2($0) } + (0..<4000).map { Float($0) / 310 }
    return magnitudes + magnitudes.map { -$0 }
  }()

  private static func gelu(_ x: Double) -> Double { x * erfc(-x / 2.0.squareRoot()) / 2 }

  private static func geluSlope(_ x: Double) -> Double {
    erfc(-x / 2.0.squareRoot()) / 2 + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
  }

  private static let outer = 2 * (2 / Double.pi).squareRoot()

  /// x·(1 + tanh(u))/2 = x / (1 + exp(−2u)), without the loss of digits of 1 + tanh(u) below 0.
  private static func geluByTanh(_ x: Double) -> Double { x / (1 + exp(-outer * (x + 0.044715 * x * x * x))) }

  private static func slopeByTanh(_ x: Double) -> Double {
    let part = 1 / (1 + exp(-outer * (x + 0.044715 * x * x * x)))
    return part + x * part * (1 - part) * outer * (1 + 3 * 0.044715 * x * x)
  }

  /// The difference in units of a float's last place.
  private func units(_ value: Float, _ exact: Double) -> Double {
    abs(Double(value) - exact) / Double(Float(exact).ulp)
  }

  @Test func `both forms of GELU are exact to a few units in the last place, far below zero too`() {
    let x = Self.arguments
    var (exact, byTanh) = (x, x)
    ck_affine_gelu(x, &exact, x.count, 1, 0)
    ck_gelu_tanh(x, &byTanh, x.count)
    for (index, x) in x.map({ Double($0) }).enumerated() where abs(Self.gelu(x)) >= 0x1p-115 {
      #expect(units(exact[index], Self.gelu(x)) < 7, "gelu of \(x)")
      guard abs(Self.geluByTanh(x)) >= 0x1p-115 else { continue }
      #expect(units(byTanh[index], Self.geluByTanh(x)) < 5, "gelu by tanh of \(x)")
    }
  }

  @Test func `the slopes of both forms of GELU are exact to single precision`() {
    let x = Self.arguments
    var (exact, byTanh) = ([Float](repeating: -2, count: x.count), [Float](repeating: -2, count: x.count))
    ck_affine_gelu_backward(&exact, x, x.count, 1, 0)
    ck_gelu_tanh_backward(&byTanh, x, x.count)
    for (index, x) in x.map({ Double($0) }).enumerated() {
      #expect(abs(Double(exact[index]) + 2 * Self.geluSlope(x)) < 4e-7, "slope at \(x)")
      #expect(abs(Double(byTanh[index]) + 2 * Self.slopeByTanh(x)) < 4e-7, "slope by tanh at \(x)")
    }
  }

  @Test func `GELU takes a scale and a shift, and writes to where it reads`() {
    let x = Self.numbers(100, item: 1)
    var (own, moved, slopes, movedSlopes) = (x, x, x, x)
    ck_affine_gelu(own, &own, 100, 0.5, -0.25)
    let shifted = x.map { $0 * 0.5 - 0.25 }
    ck_affine_gelu(shifted, &moved, 100, 1, 0)
    #expect(zip(own, moved).allSatisfy { abs($0 - $1) < 1e-6 })
    ck_affine_gelu_backward(&slopes, x, 100, 0.5, -0.25)
    ck_affine_gelu_backward(&movedSlopes, shifted, 100, 1, 0)
    #expect(zip(slopes, movedSlopes).allSatisfy { abs($0 - $1) < 1e-6 })
    var (inPlace, apart) = (x, x)
    ck_gelu_tanh(inPlace, &inPlace, 100)
    ck_gelu_tanh(x, &apart, 100)
    #expect(inPlace == apart)
  }

  @Test func `GELU ends in zero and in its argument, and what is no number stays so`() {
    let x: [Float] = [-1e30, -40, -0.0, 0, 40, 1e30, .nan]
    var (exact, byTanh) = (x, x)
    ck_affine_gelu(x, &exact, x.count, 1, 0)
    ck_gelu_tanh(x, &byTanh, x.count)
    let ones = [Float](repeating: 1, count: x.count)
    var (slopes, slopesByTanh) = (ones, ones)
    ck_affine_gelu_backward(&slopes, x, x.count, 1, 0)
    ck_gelu_tanh_backward(&slopesByTanh, x, x.count)
    let expected: [Float] = [0, 0, 0, 0, 40, 1e30]
    let expectedSlopes: [Float] = [0, 0, 0.5, 0.5, 1, 1]
    #expect(Array(exact.dropLast()) == expected && exact[6].isNaN)
    #expect(Array(byTanh.dropLast()) == expected && byTanh[6].isNaN)
    #expect(Array(slopes.dropLast()) == expectedSlopes && slopes[6].isNaN)
    #expect(Array(slopesByTanh.dropLast()) == expectedSlopes && slopesByTanh[6].isNaN)
  }

  @Test(arguments: KernelTests.counts) func `a softmax and its gradient equal plain loops`(count: Int) {
    let (x, slope) = (Self.numbers(count, item: 2), Self.numbers(count, item: 3))
    var weights = x
    ck_softmax(&weights, count, 2.5)
    let powers = x.map { exp(2.5 * Double($0)) }
    let total = powers.reduce(0, +)
    let exact = powers.map { $0 / total }
    for (value, exact) in zip(weights, exact) { #expect(abs(Double(value) - exact) < 5e-6 * exact) }
    var gradient = slope
    ck_softmax_backward(weights, &gradient, count, 2.5)
    let inner: Double = zip(exact, slope).reduce(0.0) { $0 + $1.0 * Double($1.1) }
    for (index, value) in gradient.enumerated() {
      let expected = 2.5 * exact[index] * (Double(slope[index]) - inner)
      #expect(abs(Double(value) - expected) < 5e-5 * exact[index] * (1 + abs(inner)))
    }
  }

  @Test(arguments: KernelTests.counts) func `exponentials and their sum equal plain loops`(count: Int) {
    let x = Self.numbers(count, item: 2)
    var (powers, highest) = (x, Float(0))
    let sum = ck_exponentials(&powers, count, 2.5, &highest)
    #expect(highest == x.map { 2.5 * $0 }.max())
    let exact = x.map { exp(2.5 * Double($0) - Double(highest)) }
    for (value, exact) in zip(powers, exact) { #expect(abs(Double(value) - exact) < 5e-6 * exact) }
    let expected: Double = exact.reduce(0, +)
    #expect(abs(sum - expected) < 5e-6 * expected)
  }

  @Test func `a softmax of large numbers is finite`() {
    var x: [Float] = [3e4, -3e4, 3e4, 2.99e4]
    ck_softmax(&x, 4, 1)
    #expect(zip(x, [0.5, 0, 0.5, 0]).allSatisfy { abs($0 - $1) < 1e-30 })
  }

  /// One column, a part of a block of 64, several blocks, and rows that lie further apart than they are long.
  @Test(arguments: [(1, 1, 0), (5, 63, 0), (12, 64, 3), (3, 150, 1)])
  func `columns are normalised, and their gradient goes back, as plain loops do`(shape: (rows: Int, n: Int, gap: Int)) {
    let (rows, n, stride) = (shape.rows, shape.n, shape.n + shape.gap)
    let (x, slope) = (Self.numbers(rows * stride, item: 4), Self.numbers(rows * stride, item: 5))
    let (weights, biases) = (Self.numbers(rows, item: 6), Self.numbers(rows, item: 7))
    var (y, back) = ([Float](repeating: 7, count: rows * stride), slope)
    var (means, inverses) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
    ck_layer_normalization(x, stride, rows, n, weights, biases, 0.25, &y, stride, &means, &inverses)
    ck_layer_normalization_backward(back, stride, x, stride, rows, n, weights, means, inverses, &back, stride)
    var inPlace = x
    ck_layer_normalization(inPlace, stride, rows, n, weights, biases, 0.25, &inPlace, stride, &means, &inverses)
    for column in 0..<n {
      let own = (0..<rows).map { Double(x[$0 * stride + column]) }
      let mean = own.reduce(0, +) / Double(rows)
      let variance = own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
      let inverse = 1 / (variance + 0.25).squareRoot()
      #expect(abs(Double(means[column]) - mean) < 1e-6 && abs(Double(inverses[column]) - inverse) < 1e-6)
      let passed = (0..<rows).map { Double(slope[$0 * stride + column]) * Double(weights[$0]) }
      let level = passed.reduce(0, +) / Double(rows)
      let normalized = own.map { ($0 - mean) * inverse }
      let bend = zip(passed, normalized).reduce(0.0) { $0 + $1.0 * $1.1 } / Double(rows)
      for row in 0..<rows {
        let at = row * stride + column
        let output = normalized[row] * Double(weights[row]) + Double(biases[row])
        let gradient = inverse * (passed[row] - level - normalized[row] * bend)
        #expect(abs(Double(y[at]) - output) < 5e-6 && inPlace[at] == y[at])
        #expect(abs(Double(back[at]) - gradient) < 2e-5)
      }
    }
    // What lies between the rows is left alone.
    for row in 0..<rows where shape.gap > 0 { #expect(y[row * stride + n] == 7) }
  }

  @Test(arguments: KernelTests.counts) func `sums over a normalised row equal plain loops`(count: Int) {
    let rows = (0..<4).map { Self.numbers(count, item: 10 + $0) }
    var (sum, weighted) = (0.0, 0.0)
    ck_layer_normalization_sums(rows[0], rows[1], rows[2], rows[3], count, &sum, &weighted)
    let terms = (0..<count).map { index -> Double in
      let normalized = (rows[1][index] - rows[2][index]) * rows[3][index]
      return Double(rows[0][index]) * Double(normalized)
    }
    #expect(sum == ck_sum(rows[0], count))
    #expect(abs(weighted - terms.reduce(0, +)) <= 1e-5 * terms.reduce(0) { $0 + abs($1) })
  }

  /// Lines of less than a vector, less than a kernel's reach, and several stretches of 256; kernels of one to four
  /// vectors.
  @Test(arguments: [1, 5, 29, 64, 256, 257, 600], [1, 3, 7, 19, 31, 59, 63])
  func `a line's convolution and both its gradients equal plain loops`(n: Int, taps: Int) {
    let (x, slope, w) = (Self.numbers(n, item: 20), Self.numbers(n, item: 21), Self.numbers(taps, item: 22))
    let reach = (taps - 1) / 2
    /// The frame that a tap reads for an output, if there is one.
    func read(_ t: Int, _ tap: Int) -> Int? { (0..<n).contains(t + tap - reach) ? t + tap - reach : nil }
    func convolved(_ line: [Float], _ w: [Float]) -> [Double] {
      (0..<n).map { t in
        var sum = 0.0
        for tap in 0..<taps {
          if let frame = read(t, tap) { sum += Double(line[frame]) * Double(w[tap]) }
        }
        return sum
      }
    }
    var y = [Float](repeating: .nan, count: n)
    ck_depthwise_row(x, &y, n, w, taps, 0, 0.5, 0)
    #expect(zip(y, convolved(x, w)).allSatisfy { abs(Double($0) - $1 - 0.5) < 2e-5 })
    var back = x
    ck_depthwise_row(slope, &back, n, w, taps, 1, 0, 1)
    let turned = convolved(slope, w.reversed())
    #expect((0..<n).allSatisfy { abs(Double(back[$0]) - Double(x[$0]) - turned[$0]) < 2e-5 })
    var sums = [Double](repeating: 1, count: taps)
    ck_depthwise_row_gradient(slope, x, n, taps, &sums)
    for tap in 0..<taps {
      var (sum, size) = (0.0, 0.0)
      for t in 0..<n {
        guard let frame = read(t, tap) else { continue }
        let term = Double(slope[t]) * Double(x[frame])
        sum += term
        size += abs(term)
      }
      #expect(abs(sums[tap] - 1 - sum) < 1e-6 * (1 + size))
    }
  }
}
