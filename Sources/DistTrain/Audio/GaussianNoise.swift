import Foundation

/// Normal numbers in the quantities that dither needs, 400 for each frame: a fast generator whose state is drawn from a
/// `RandomStream`, and hence as reproducible.
///
/// xoshiro256++ of Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021, and the ziggurat of
/// Marsaglia and Tsang, "The ziggurat method for generating random variables", 2000, in the form of Doornik, 2005.
package struct GaussianNoise {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  package init(_ stream: RandomStream) {
    var stream = stream
    // A state of zeros, which xoshiro cannot leave, is kept out by the lowest bit.
    state = (stream.next() | 1, stream.next(), stream.next(), stream.next())
  }

  /// Adds amplitude · N(0, 1) to each value.
  mutating func add(to values: UnsafeMutablePointer<Double>, count: Int, amplitude: Double) {
    Self.ziggurat.edges.withUnsafeBufferPointer { edges in
      Self.ziggurat.inner.withUnsafeBufferPointer { inner in
        for index in 0..<count {
          values[index] += amplitude * Double(normal(edges.baseAddress!, inner.baseAddress!))
        }
      }
    }
  }

  /// A standard normal number.
  package mutating func normal() -> Float {
    Self.ziggurat.edges.withUnsafeBufferPointer { edges in
      Self.ziggurat.inner.withUnsafeBufferPointer { inner in normal(edges.baseAddress!, inner.baseAddress!) }
    }
  }

  private mutating func normal(_ edges: UnsafePointer<Float>, _ inner: UnsafePointer<Float>) -> Float {
    while true {
      let bits = next()
      let layer = Int(bits & 127)
      let signed = Float(Int32(truncatingIfNeeded: bits >> 32)) * 0x1p-31
      let value = signed * edges[layer]
      if abs(value) < inner[layer] { return value }
      if let value = outside(layer, value) { return value }
    }
  }

  /// The rare cases: the tail, and the part of a layer that sticks out of the density; nil to draw again.
  private mutating func outside(_ layer: Int, _ value: Float) -> Float? {
    let edges = Self.ziggurat.edges
    if layer == 0 {
      while true {
        let beyond = -log(1 - uniform()) / Ziggurat.tail
        let height = -log(1 - uniform())
        if 2 * height >= beyond * beyond {
          return Float(value < 0 ? -(Ziggurat.tail + beyond) : Ziggurat.tail + beyond)
        }
      }
    }
    let x = Double(value)
    let outer = exp(-0.5 * (Double(edges[layer]) * Double(edges[layer]) - x * x))
    let inner = exp(-0.5 * (Double(edges[layer + 1]) * Double(edges[layer + 1]) - x * x))
    return outer + uniform() * (inner - outer) < 1 ? value : nil
  }

  private mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  private mutating func next() -> UInt64 {
    let result = Self.rotate(state.0 &+ state.3, 23) &+ state.0
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = Self.rotate(state.3, 45)
    return result
  }

  private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }

  private static let ziggurat = Ziggurat()

  /// 128 layers of equal area under exp(−x²/2): `edges[i]` is how far layer i reaches, `inner[i]` how far it lies within.
  private struct Ziggurat {
    static let tail = 3.442619855899
    static let area = 9.91256303526217e-3
    let edges: [Float]
    let inner: [Float]

    init() {
      let density = { (x: Double) in exp(-0.5 * x * x) }
      var edges = [Self.area / density(Self.tail), Self.tail]
      for _ in 2..<128 {
        let x = edges.last!
        edges.append((-2 * log(Self.area / x + density(x))).squareRoot())
      }
      edges.append(0)
      self.edges = edges.map { Float($0) }
      inner = edges.dropFirst().map { Float($0) }
    }
  }
}
