internal import CKernels
import Foundation

/// Normal numbers in the quantities that dither needs, 400 for each frame. They come from fast generators whose states
/// are drawn from a `RandomStream`, and are hence as reproducible; they are the same on all CPUs.
///
/// The method is the ziggurat of Marsaglia and Tsang, "The ziggurat method for generating random variables", 2000, in
/// the form of Doornik, 2005, on four xoshiro256++ generators side by side; a fifth decides the rare cases.
package struct GaussianNoise {
  private var states: [UInt64]
  private var spare: Xoshiro256
  private var outside: [UInt32] = []

  package init(_ stream: RandomStream) {
    var stream = stream
    // The lowest bit of the first word is set to avoid a state of zeros, which xoshiro cannot leave.
    states = (0..<16).map { index in stream.next() | (index < 4 ? 1 : 0) }
    spare = Xoshiro256(&stream)
  }

  /// Fills the values with standard normal numbers, drawn eight at a time: for a count that is no multiple of eight,
  /// the last numbers drawn are dropped.
  package mutating func fill(_ values: UnsafeMutableBufferPointer<Float>) {
    let whole = values.count & ~7
    if whole > 0 { draw(values.baseAddress!, count: whole) }
    guard whole < values.count else { return }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 8) { eight in
      draw(eight.baseAddress!, count: 8)
      for index in whole..<values.count { values[index] = eight[index - whole] }
    }
  }

  private mutating func draw(_ values: UnsafeMutablePointer<Float>, count: Int) {
    if outside.count < count { outside = [UInt32](repeating: 0, count: count) }
    let found = ck_normal_numbers(
      &states, Ziggurat.shared.edges, Ziggurat.shared.inner, values, count, &outside)
    for index in 0..<found {
      let place = Int(outside[index] >> 7)
      values[place] = settled(Int(outside[index] & 127), values[place])
    }
  }

  /// The number for a place outside the sure part of its layer: the value itself, or another one that is drawn for it.
  private mutating func settled(_ layer: Int, _ value: Float) -> Float {
    var (layer, value) = (layer, value)
    while true {
      if layer == 0 { return tail(value < 0) }
      if isUnderDensity(layer, Double(value)) { return value }
      let bits = spare.next()
      layer = Int(bits & 127)
      value = Float(Int32(truncatingIfNeeded: bits >> 32)) * 0x1p-31 * Ziggurat.shared.edges[layer]
      if abs(value) < Ziggurat.shared.inner[layer] { return value }
    }
  }

  /// A number beyond the layers, in the tail of the density.
  private mutating func tail(_ isNegative: Bool) -> Float {
    while true {
      let beyond = -log(1 - spare.uniform()) / Ziggurat.tail
      let height = -log(1 - spare.uniform())
      if 2 * height >= beyond * beyond {
        return Float(isNegative ? -(Ziggurat.tail + beyond) : Ziggurat.tail + beyond)
      }
    }
  }

  /// Whether a place in a layer lies under the density, by a draw of its height.
  private mutating func isUnderDensity(_ layer: Int, _ x: Double) -> Bool {
    let edges = Ziggurat.shared.edges
    let outer = exp(-0.5 * (Double(edges[layer]) * Double(edges[layer]) - x * x))
    let inner = exp(-0.5 * (Double(edges[layer + 1]) * Double(edges[layer + 1]) - x * x))
    return outer + spare.uniform() * (inner - outer) < 1
  }
}
