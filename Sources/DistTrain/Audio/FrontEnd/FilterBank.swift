internal import CKernels

/// Computes the features of a front end. Several threads may use the same filter bank.
package struct FilterBank: Sendable {
  package let frontEnd: FrontEnd

  private let window: [Double]
  private let spectrum: FrameSpectrum
  private let triangles: MelTriangles

  package init(_ frontEnd: FrontEnd) {
    precondition(
      frontEnd.bins > 0 && frontEnd.shift > 0 && frontEnd.shift <= frontEnd.length && frontEnd.dither >= 0,
      "a filter bank for \(frontEnd)")
    self.frontEnd = frontEnd
    window = frontEnd.weights
    spectrum = FrameSpectrum(atLeast: frontEnd.length)
    triangles = frontEnd.triangles
  }

  package var bins: Int { frontEnd.bins }

  /// The features of one utterance, bins × frames.
  ///
  /// - Parameters:
  ///   - samples: the samples of at least one frame, where full scale is ±1; `Waveform.tiled` lengthens shorter
  ///     utterances.
  ///   - dither: decides the noise that is added; nil adds none.
  package func features(of samples: [Float], dither: RandomStream?) -> Matrix {
    let features = Matrix(rows: bins, columns: frontEnd.frames(samples: samples.count))
    write(samples, dither: dither, into: features, column: 0)
    return features
  }

  /// Writes the T frames of one utterance to the columns `column ..< column + T` of `features`, whose shape is bins ×
  /// (utterances · frames).
  package func write(_ samples: [Float], dither: RandomStream?, into features: Matrix, column: Int) {
    let frames = frontEnd.frames(samples: samples.count)
    precondition(frames > 0, "\(samples.count) samples are less than one frame: repeat the utterance first")
    precondition(features.rows == bins, "\(bins) rows expected, not \(features.rows)")
    precondition(column >= 0 && column + frames <= features.columns, "\(frames) columns from \(column) do not fit")
    let amplitude = frontEnd.dither / FrontEnd.steps
    var noise = amplitude > 0 ? dither.map { GaussianNoise($0) } : nil
    let scratch = spectrum.scratch()
    let energies = Buffer(count: bins * FrameSpectrum.block)
    let (length, shift) = (frontEnd.length, frontEnd.shift)
    frontEnd.framed(samples).withUnsafeBufferPointer { samples in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: length) { dither in
        dither.initialize(repeating: 0)
        for first in stride(from: 0, to: frames, by: FrameSpectrum.block) {
          let count = min(FrameSpectrum.block, frames - first)
          for frame in 0..<count {
            noise?.fill(dither)
            ck_shape_frame(
              samples.baseAddress! + (first + frame) * shift, dither.baseAddress!, amplitude, frontEnd.preEmphasis,
              window, length, scratch.frame(frame))
          }
          spectrum.power(scratch)
          writeEnergies(scratch, energies, frames: count, into: features, column: column + first)
        }
      }
    }
    guard frontEnd.meanRemoval == .utterance else { return }
    for bin in 0..<bins { Self.removeMean(features.row(bin) + column, count: frames) }
  }

  /// Writes the logarithms of a block's energies to the features. `energies` has room for bins × 16 numbers.
  private func writeEnergies(
    _ scratch: FrameSpectrum.Scratch, _ energies: Buffer, frames: Int, into features: Matrix, column: Int
  ) {
    let all = UnsafeMutableRawPointer(energies.pointer).assumingMemoryBound(to: SIMD16<Float>.self)
    triangles.logEnergies(of: scratch.power, floor: Float(frontEnd.logFloor), into: all)
    for bin in 0..<bins {
      (features.row(bin) + column).update(from: energies.pointer + bin * FrameSpectrum.block, count: frames)
    }
  }

  private static func removeMean(_ values: UnsafeMutablePointer<Float>, count: Int) {
    ck_add_scalar(values, count, Float(-ck_sum(values, count) / Double(count)))
  }
}
