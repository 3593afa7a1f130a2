import CKernels
import DistTrain
import Foundation
import TestTools
import Testing

/// The kernels against plain loops in double precision, for lengths on both sides of their blocks of 4096.
@Suite struct KernelTests {
  static let counts = [1, 7, 4095, 4096, 4097, 10_000]

  private static func numbers(_ count: Int, item: Int) -> [Float] {
    var stream = RandomStream(seed: 9, purpose: .test, item: item)
    return (0..<count).map { _ in Float(stream.normal()) + 0.5 }
  }

  @Test(arguments: counts) func `sums over rows equal plain loops`(count: Int) {
    let x = Self.numbers(count, item: 1)
    let z = Self.numbers(count, item: 2)
    func expectClose(_ value: Double, _ terms: [Double]) {
      let size = terms.reduce(0) { $0 + abs($1) }
      #expect(abs(value - terms.reduce(0, +)) <= 1e-5 * size)
    }
    expectClose(ck_sum(x, count), x.map { Double($0) })
    expectClose(ck_squared_deviations(x, count, 0.25), x.map { (Double($0) - 0.25) * (Double($0) - 0.25) })
    expectClose(ck_dot(x, z, count), zip(x, z).map { Double($0) * Double($1) })
    var sum = 0.0
    var weighted = 0.0
    ck_normalization_sums(z, x, count, 0.25, &sum, &weighted)
    expectClose(sum, z.map { Double($0) })
    expectClose(weighted, zip(x, z).map { Double($1) * (Double($0) - 0.25) })
    var gradient = [Float](repeating: .nan, count: count)
    let total = ck_normalization_relu_backward(z, x, &gradient, count, 0.5, 0.25, -0.125)
    let expected = zip(x, z).map { (x: Float, dy: Float) -> Double in
      x > 0 ? 0.5 * Double(dy) + 0.25 * Double(x) - 0.125 : 0
    }
    expectClose(total, expected)
    var inPlace = z
    #expect(ck_normalization_relu_backward(inPlace, x, &inPlace, count, 0.5, 0.25, -0.125) == total)
    #expect(inPlace == gradient)
    #expect(zip(gradient, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 })
  }

  @Test(arguments: counts) func `a ReLU sums what it gives, and two rows are scaled and added`(count: Int) {
    let x = Self.numbers(count, item: 1)
    let z = Self.numbers(count, item: 2)
    var rectified = x
    let total = ck_add_scalar_relu(&rectified, count, -0.25)
    #expect(rectified == x.map { max($0 - 0.25, 0) })
    #expect(abs(total - rectified.reduce(0) { $0 + Double($1) }) <= 1e-5 * Double(count))
    var sum = [Float](repeating: .nan, count: count)
    ck_affine_sum(x, z, &sum, count, 0.5, -2, 0.25)
    #expect(zip(sum, zip(x, z)).allSatisfy { abs($0 - (0.5 * $1.0 - 2 * $1.1 + 0.25)) < 1e-5 })
    var (first, second) = (x, z)
    ck_affine_sum(first, z, &first, count, 0.5, -2, 0.25)
    ck_affine_sum(x, second, &second, count, 0.5, -2, 0.25)
    #expect(first == sum && second == sum)
  }

  @Test(arguments: counts) func `a ReLU after scale and shift, and the gradient from behind it, equal plain loops`(
    count: Int
  ) {
    let (x, z) = (Self.numbers(count, item: 1), Self.numbers(count, item: 2))
    var (view, sum) = ([Float](repeating: .nan, count: count), [Float](repeating: .nan, count: count))
    ck_affine_relu(x, &view, count, 0.5, -0.25)
    #expect(zip(view, x).allSatisfy { abs($0 - max(0.5 * $1 - 0.25, 0)) < 1e-6 })
    ck_affine_sum_relu(x, z, &sum, count, 0.5, -2, 0.25)
    #expect(zip(sum, zip(x, z)).allSatisfy { abs($0 - max(0.5 * $1.0 - 2 * $1.1 + 0.25, 0)) < 1e-5 })
    let passed = zip(view, z).map { $0 > 0 ? $1 : 0 }
    let expected = sums(of: passed, by: x, count)
    let direct = sums { ck_relu_normalization_sums(z, x, count, 0.25, 0.5, -0.25, $0, $1) }
    #expect(direct == expected)
    #expect(ck_affine_relu_sum(x, count, 0.5, -0.25) == ck_sum(view, count))
    var (added, scaled) = (x, passed)
    let counted = sums { ck_affine_relu_backward_sums(z, x, &added, count, 0.25, 0.5, -0.25, $0, $1) }
    ck_affine_sum(passed, x, &scaled, count, 0.5, 1, 0)
    #expect(counted == expected && added == scaled)
    var gradient = z
    let masked = sums { ck_relu_backward_sums(&gradient, view, x, count, 0.25, $0, $1) }
    #expect(masked == expected && gradient == passed)
    var (own, plain) = (z, passed)
    ck_relu_normalization_backward(&own, x, count, 0.5, -0.25, 0.75, 0.125, -1)
    ck_normalization_backward(&plain, x, count, 0.75, 0.125, -1)
    #expect(own == plain)
  }

  private func sums(of gradient: [Float], by x: [Float], _ count: Int) -> [Double] {
    sums { ck_normalization_sums(gradient, x, count, 0.25, $0, $1) }
  }

  private func sums(_ write: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Void) -> [Double] {
    var (sum, weighted) = (0.0, 0.0)
    write(&sum, &weighted)
    return [sum, weighted]
  }

  @Test(arguments: counts) func `the gate of SimAM and its gradient equal plain loops`(count: Int) {
    let (x, dy) = (Self.numbers(count, item: 1), Self.numbers(count, item: 2))
    let (scale, shift, mean, slope): (Float, Float, Float, Float) = (0.75, -0.25, 0.5, 1.25)
    let distances = x.map { 0.75 * Double($0) - 0.25 }
    let expected = distances.map { distance -> Double in
      let energy = 1.25 * distance * distance + 0.5
      return 1 / (1 + exp(-energy))
    }
    var (gated, gates) = (x, [Float](repeating: .nan, count: count))
    ck_energy_gate(gated, &gated, count, scale, shift, mean, slope)
    ck_energy_gates(x, &gates, count, scale, shift, slope)
    let inward = dy.indices.map { index -> Double in
      let (gate, value) = (expected[index], distances[index] + 0.5)
      return Double(dy[index]) * value * gate * (1 - gate)
    }
    let own = sums { ck_energy_gate_sums(dy, x, &gates, count, scale, shift, mean, $0, $1) }
    for (power, sum) in own.enumerated() {
      let terms = zip(inward, distances).map { $0 * pow($1, Double(power + 1)) }
      let (exact, size) = (terms.reduce(0, +), terms.reduce(0) { $0 + abs($1) })
      #expect(abs(sum - exact) <= 1e-5 * size)
    }
    var gradient = dy
    ck_energy_gate_backward(&gradient, x, gates, count, scale, shift, mean, slope, 0.25, -0.125)
    for index in 0..<count {
      let (u, gate) = (distances[index], expected[index])
      let product = (u + 0.5) * gate
      #expect(abs(Double(gated[index]) - product) < 2e-6)
      #expect(abs(Double(gates[index]) - gate) < 3e-7)
      let inside = 2.5 * inward[index] + 0.25
      let passed = Double(dy[index]) * gate + u * inside - 0.125
      #expect(abs(Double(gradient[index]) - passed) < 1e-5)
    }
  }

  @Test(arguments: counts) func `precisions and their gradient equal plain loops`(count: Int) {
    let (x, energies) = (Self.numbers(count, item: 1), Self.numbers(count, item: 3).map { 6 * $0 })
    var precisions = energies
    ck_precisions(precisions, &precisions, count)
    var (gradient, added) = ([Float](repeating: .nan, count: count), x)
    ck_precisions_backward(energies, x, &gradient, count, 0.5, 0.25)
    ck_add_precisions(energies, &added, count, 0.5)
    for index in 0..<count {
      let (energy, value) = (Double(energies[index]), Double(x[index]))
      let softplus: Double = max(energy, 0) + log1p(exp(-abs(energy)))
      let square = softplus * softplus
      let exact: Double = min(max(square, exp(-15.0)), exp(15.0))
      #expect(abs(Double(precisions[index]) - exact) <= 1e-6 * exact)
      let sum = value + 0.5 * exact
      #expect(abs(Double(added[index]) - sum) <= 1e-6 * (abs(value) + exact))
      let slope: Double = exact == square ? 2 * softplus / (1 + exp(-energy)) : 0
      let expected = 0.5 * (value - 0.25) * slope
      #expect(abs(Double(gradient[index]) - expected) <= 2e-6 * (abs(expected) + 1e-3))
    }
  }

  @Test func `precisions end at their bounds, and what is no number stays so`() {
    var values: [Float] = [-100, -7.6, 0, 1809, .infinity, .nan]
    ck_precisions(values, &values, values.count)
    let (least, most) = (Float(exp(-15.0)), Float(exp(15.0)))
    #expect(values[0] == least && values[1] == least && abs(values[2] - 0.480453) < 1e-6)
    #expect(values[3] == most && values[4] == most && values[5].isNaN)
    let energies: [Float] = [-100, -7.6, 0, 1809, .infinity]
    var slopes = [Float](repeating: .nan, count: energies.count)
    ck_precisions_backward(energies, [1, 1, 1, 1, 1], &slopes, energies.count, 1, 0)
    #expect(slopes[0] == 0 && slopes[1] == 0 && abs(slopes[2] - 0.693147) < 1e-6 && slopes[3] == 0 && slopes[4] == 0)
    var gates: [Float] = [.nan]
    ck_energy_gate(gates, &gates, 1, 1, 0, 0, 1)
    #expect(gates[0].isNaN)
  }

  @Test func `a ReLU passes on what is not a number`() {
    var x: [Float] = [-3, 0.5, .nan, 2, .infinity]
    var (view, sum) = (x, x)
    ck_affine_relu(view, &view, x.count, 1, 1)
    ck_affine_sum_relu(sum, sum, &sum, x.count, 0.5, 0.5, 1)
    #expect(ck_affine_relu_sum(x, 2, 1, 1) == 1.5 && ck_affine_relu_sum(x, 3, 1, 1).isNaN)
    ck_add_scalar_relu(&x, x.count, 1)
    for x in [x, view, sum] { #expect(x[..<2] == [0, 1.5] && x[2].isNaN && x[3...] == [3, .infinity]) }
  }

  @Test func `logarithms are exact to single precision over all of its range, and what is no number stays so`() {
    let x = (-126...127).flatMap { exponent in
      [1, 1.2, 1.4142135, 1.4142136, 1.999999].map { Float(sign: .plus, exponent: exponent, significand: $0) }
    }
    var y = x
    ck_log(&y, y.count)
    for (x, y) in zip(x, y) {
      let exact = log(Double(x))
      #expect(abs(Double(y) - exact) <= 1.5e-7 * max(abs(exact), 0.01), "ln \(x)")
    }
    var others: [Float] = [.infinity, .nan]
    ck_log(&others, 2)
    #expect(others[0] == .infinity && others[1].isNaN)
  }
}
