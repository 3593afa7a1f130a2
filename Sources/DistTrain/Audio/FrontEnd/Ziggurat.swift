import Foundation

/// 128 layers of equal area under exp(−x²/2), the lowest with the tail beyond it (Marsaglia and Tsang, 2000).
struct Ziggurat: Sendable {
  static let shared = Ziggurat()

  /// Where the tail begins.
  static let tail = 3.442619855899
  private static let area = 9.91256303526217e-3

  /// How far each layer reaches, and 0 for the top.
  let edges: [Float]
  /// How far each layer lies within the density: as far as the next one reaches.
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
