import Foundation

/// The logarithms of the energies of a recording's frames, as Kaldi's front end has them (`feature-window.cc`, raw energy):
/// 25 ms every 10 ms, whole frames only, samples scaled to 16 bits, the frame's mean removed, one step of dither.
///
/// The dither's energy is added as what it is on average, so that the same recording always has the same energies. At other
/// rates than 16 kHz energies are scaled to the number of samples that a frame has there.
package struct FrameEnergies {
  /// One for each frame.
  package private(set) var logarithms: [Double] = []
  /// Samples that a frame has, and by which it is after the one before it.
  let length: Int
  let shift: Int
  private let scale: Double
  /// Samples from the beginning of the next frame on.
  private var pending: [Float] = []

  private static let fullScale = 32768.0
  private static let samplesAt16kHz = 400.0

  package init(sampleRate: Int) {
    length = sampleRate * 25 / 1000
    shift = sampleRate * 10 / 1000
    scale = Self.samplesAt16kHz / Double(length)
  }

  /// - Parameter samples: what follows those that were given before, full scale being ±1.
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
