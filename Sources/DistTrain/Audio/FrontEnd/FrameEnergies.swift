import Foundation

/// The logarithms of the energies of a recording's frames, as Kaldi's front end computes them (`feature-window.cc`, raw
/// energy): frames of 25 ms every 10 ms, whole frames only, samples scaled to 16 bits, the mean of each frame removed,
/// and one step of dither.
///
/// The energy of the dither is added as its average, so that the same recording always has the same energies. At rates
/// other than 16 kHz, energies are scaled to the number of samples that a frame has at 16 kHz.
package struct FrameEnergies {
  /// The logarithm of each frame's energy, in order.
  package private(set) var logarithms: [Double] = []
  /// The number of samples of a frame.
  let length: Int
  /// The number of samples from the beginning of a frame to that of the next.
  let shift: Int
  private let scale: Double
  /// The samples from the beginning of the next frame on.
  private var pending: [Float] = []

  private static let fullScale = 32768.0
  private static let samplesAt16kHz = 400.0

  package init(sampleRate: Int) {
    length = sampleRate * 25 / 1000
    shift = sampleRate * 10 / 1000
    scale = Self.samplesAt16kHz / Double(length)
  }

  /// Adds samples, which follow those that were added before.
  /// - Parameter samples: the samples, where full scale is ±1.
  package mutating func append(_ samples: [Float]) {
    pending += samples
    var first = 0
    while first + length <= pending.count {
      logarithms.append(logarithm(of: pending[first..<first + length]))
      first += shift
    }
    pending.removeFirst(first)
  }

  private func logarithm(of frame: ArraySlice<Float>) -> Double {
    var (sum, squares) = (0.0, 0.0)
    for sample in frame {
      let value = Self.fullScale * Double(sample)
      sum += value
      squares += value * value
    }
    let energy = max(0, squares - sum * sum / Double(length))
    return log(scale * energy + Self.samplesAt16kHz)
  }
}
