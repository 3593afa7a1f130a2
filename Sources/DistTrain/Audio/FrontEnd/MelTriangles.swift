internal import CKernels
import Foundation

/// Triangular filters over a power spectrum, linear and equally spaced in mel (Kaldi's `MelBanks`).
struct MelTriangles: Sendable {
  private struct Triangle {
    /// The first frequency that has a weight.
    let first: Int
    /// The positions of its weights among all.
    let weights: Range<Int>
  }

  private let triangles: [Triangle]
  private let weights: [Float]

  /// A frequency in Hz on the mel scale.
  static func mel(_ frequency: Double) -> Double { 1127 * log(1 + frequency / 700) }

  /// The number of filters that hold no frequency of the spectrum, and hence no energy.
  var empty: Int { triangles.count { $0.weights.isEmpty } }

  /// Makes filters from `lowest` to `highest` Hz for the spectrum of a transform of `points` points.
  init(bins: Int, points: Int, sampleRate: Double, lowest: Double, highest: Double) {
    let low = Self.mel(lowest)
    let spacing = (Self.mel(highest) - low) / Double(bins + 1)
    let mels = (0..<points / 2).map { Self.mel(Double($0) * sampleRate / Double(points)) }
    var triangles: [Triangle] = []
    var weights: [Float] = []
    for bin in 0..<bins {
      let left = low + Double(bin) * spacing
      let center = left + spacing
      let right = center + spacing
      let begin = weights.count
      var first = 0
      for (frequency, mel) in mels.enumerated() where mel > left && mel < right {
        if weights.count == begin { first = frequency }
        weights.append(Float(mel <= center ? (mel - left) / spacing : (right - mel) / spacing))
      }
      triangles.append(Triangle(first: first, weights: begin..<weights.count))
    }
    self.triangles = triangles
    self.weights = weights
  }

  /// Computes the logarithms of the filters' energies in the 16 frames of a block.
  ///
  /// - Parameters:
  ///   - power: the powers of the 16 frames, for each frequency.
  ///   - floor: the smallest energy whose logarithm is taken.
  ///   - energies: receives 16 numbers for each filter.
  func logEnergies(
    of power: UnsafePointer<SIMD16<Float>>, floor: Float, into energies: UnsafeMutablePointer<SIMD16<Float>>
  ) {
    weights.withUnsafeBufferPointer { weights in
      for (bin, triangle) in triangles.enumerated() {
        var sum = SIMD16<Float>(repeating: 0)
        var frequency = triangle.first
        for index in triangle.weights {
          sum += power[frequency] * weights[index]
          frequency += 1
        }
        energies[bin] = sum.replacing(with: floor, where: sum .< floor)
      }
    }
    let count = triangles.count * SIMD16<Float>.scalarCount
    energies.withMemoryRebound(to: Float.self, capacity: count) { ck_log($0, count) }
  }
}
