internal import CKernels
import Foundation

/// The bounds between which energies are held before their logarithm is taken.
struct EnergyBounds: Sendable {
  /// The range of the power at a frequency; nil leaves it as it is.
  let power: ClosedRange<Float>?
  /// The range of a filter's energy.
  let energy: ClosedRange<Float>
  /// The number that is added to the energy.
  let offset: Float
}

extension SIMD16<Float> {
  /// The numbers, where they are beyond the range its ends. What is not a number stays so.
  func held(within range: ClosedRange<Float>) -> Self {
    let raised = replacing(with: range.lowerBound, where: self .< range.lowerBound)
    return raised.replacing(with: range.upperBound, where: raised .> range.upperBound)
  }
}

/// Triangular filters over a power spectrum, equally spaced in mel.
struct MelTriangles: Sendable {
  /// The rise and fall of a filter.
  enum Shape {
    /// Both are linear in mel, from the centre below to the one above (Kaldi's `MelBanks`).
    case mel
    /// Both are linear in Hz and as wide as the distance of the centre from the one below (SpeechBrain's `Filterbank`).
    case hertz
  }

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
  /// A frequency on the mel scale in Hz.
  private static func hertz(_ mel: Double) -> Double { 700 * (exp(mel / 1127) - 1) }

  /// The number of filters that hold no frequency of the spectrum, and hence no energy.
  var empty: Int { triangles.count { $0.weights.isEmpty } }

  /// Makes filters from `lowest` to `highest` Hz for a spectrum at the given frequencies in Hz.
  init(bins: Int, frequencies: [Double], lowest: Double, highest: Double, shape: Shape = .mel) {
    let low = Self.mel(lowest)
    let spacing = (Self.mel(highest) - low) / Double(bins + 1)
    let places = shape == .mel ? frequencies.map(Self.mel) : frequencies
    var triangles: [Triangle] = []
    var weights: [Float] = []
    for bin in 0..<bins {
      let lower = low + Double(bin) * spacing
      let left = shape == .mel ? lower : Self.hertz(lower)
      let center = shape == .mel ? lower + spacing : Self.hertz(lower + spacing)
      let width = shape == .mel ? spacing : center - left
      let right = center + width
      let begin = weights.count
      var first = 0
      for (frequency, place) in places.enumerated() where place > left && place < right {
        if weights.count == begin { first = frequency }
        weights.append(Float(place <= center ? (place - left) / width : (right - place) / width))
      }
      triangles.append(Triangle(first: first, weights: begin..<weights.count))
    }
    self.triangles = triangles
    self.weights = weights
  }

  /// The weights of all frequencies in each filter, filters × frequencies.
  func matrix(frequencies: Int) -> [Float] {
    triangles.flatMap { triangle in
      var row = [Float](repeating: 0, count: frequencies)
      row.replaceSubrange(triangle.first..<triangle.first + triangle.weights.count, with: weights[triangle.weights])
      return row
    }
  }

  /// Computes the logarithms of the filters' energies in the 16 frames of a block.
  ///
  /// - Parameters:
  ///   - power: the powers of the 16 frames, for each frequency.
  ///   - bounds: the bounds between which the energies are held.
  ///   - energies: receives 16 numbers for each filter.
  func logEnergies(
    of power: UnsafePointer<SIMD16<Float>>, _ bounds: EnergyBounds, into energies: UnsafeMutablePointer<SIMD16<Float>>
  ) {
    weights.withUnsafeBufferPointer { weights in
      for (bin, triangle) in triangles.enumerated() {
        var sum = SIMD16<Float>(repeating: 0)
        var frequency = triangle.first
        for index in triangle.weights {
          sum += power[frequency] * weights[index]
          frequency += 1
        }
        energies[bin] = sum.held(within: bounds.energy) + bounds.offset
      }
    }
    let count = triangles.count * SIMD16<Float>.scalarCount
    energies.withMemoryRebound(to: Float.self, capacity: count) { ck_log($0, count) }
  }
}
