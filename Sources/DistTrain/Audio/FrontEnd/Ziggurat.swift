import Foundation

/// 128 layers of equal area under exp(−x²/2), of which the lowest includes the tail beyond it (Marsaglia and Tsang,
/// 2000).
struct Ziggurat: Sendable {
  static let shared = Ziggurat()

  /// The place at which the tail begins.
  static let tail = 3.442619855899
  private static let area = 9.91256303526217e-3

  /// The outer end of each layer, and 0 after the top one.
  let edges: [Float]
  /// The place up to which each layer lies wholly under the density, which is the outer end of the next layer.
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
