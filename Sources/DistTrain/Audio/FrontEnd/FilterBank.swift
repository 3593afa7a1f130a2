internal import CKernels

/// Computes the features of a front end. Several threads may use the same filter bank.
package struct FilterBank: Sendable {
  package let frontEnd: FrontEnd

  private let window: [Double]
  private let spectrum: FrameSpectrum
  private let triangles: MelTriangles
  private let bounds: EnergyBounds

  package init(_ frontEnd: FrontEnd) {
    precondition(
      frontEnd.bins > 0 && frontEnd.shift > 0 && frontEnd.shift <= frontEnd.length && frontEnd.dither >= 0,
      "a filter bank for \(frontEnd)")
    self.frontEnd = frontEnd
    window = frontEnd.weights
    spectrum = FrameSpectrum(points: frontEnd.points)
    triangles = frontEnd.triangles
    bounds = frontEnd.bounds
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
    let target = features.columns(column..<column + frames)
    switch frontEnd.type {
    case .kaldi: writeShaped(samples, dither: dither, into: target)
    case .tfmel: writeStandardized(samples, into: target)
    case .speechbrain:
      writePadded(samples, into: target)
      Decibels.replace(target)
    }
    guard frontEnd.meanRemoval == .utterance else { return }
    for bin in 0..<bins { Self.removeMean(features.row(bin) + column, count: frames) }
  }

  /// Writes the logarithms of the energies of an utterance's frames as Kaldi cuts and shapes them.
  private func writeShaped(_ samples: [Float], dither: RandomStream?, into features: MatrixView) {
    let amplitude = frontEnd.dither / FrontEnd.steps
    var noise = amplitude > 0 ? dither.map { GaussianNoise($0) } : nil
    let (length, shift) = (frontEnd.length, frontEnd.shift)
    frontEnd.framed(samples).withUnsafeBufferPointer { samples in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: length) { dither in
        dither.initialize(repeating: 0)
        writeFrames(into: features) { frame, target in
          noise?.fill(dither)
          ck_shape_frame(
            samples.baseAddress! + frame * shift, dither.baseAddress!, amplitude, frontEnd.preEmphasis, window, length,
            target)
        }
      }
    }
  }

  /// Writes the logarithms of the energies of an utterance's frames, scaled as a whole.
  private func writeStandardized(_ samples: [Float], into features: MatrixView) {
    samples.withUnsafeBufferPointer { samples in
      let shape = StandardizedSamples(samples, emphasis: frontEnd.preEmphasis)
      writeFrames(into: features) { frame, target in
        shape.write(samples, from: frame * frontEnd.shift - frontEnd.zerosBeyondEnds, window: window, to: target)
      }
    }
  }

  /// Writes the logarithms of the energies of an utterance's frames as they are, between zeros.
  private func writePadded(_ samples: [Float], into features: MatrixView) {
    let length = frontEnd.length
    samples.withUnsafeBufferPointer { samples in
      window.withUnsafeBufferPointer { window in
        writeFrames(into: features) { frame, target in
          let start = frame * frontEnd.shift - frontEnd.zerosBeyondEnds
          target.update(repeating: 0, count: length)
          for index in max(-start, 0)..<min(samples.count - start, length) {
            target[index] = window[index] * Double(samples[start + index])
          }
        }
      }
    }
  }

  /// Writes the logarithms of the energies of as many frames as the features have columns.
  /// - Parameter write: writes the weighted samples of a frame.
  private func writeFrames(
    into features: MatrixView, _ write: (_ frame: Int, _ target: UnsafeMutablePointer<Double>) -> Void
  ) {
    let scratch = spectrum.scratch()
    let energies = Buffer(count: bins * FrameSpectrum.block)
    for first in stride(from: 0, to: features.columns, by: FrameSpectrum.block) {
      let count = min(FrameSpectrum.block, features.columns - first)
      for frame in 0..<count { write(first + frame, scratch.frame(frame)) }
      spectrum.power(scratch)
      writeEnergies(scratch, energies, frames: count, into: features, column: first)
    }
  }

  /// Writes the logarithms of a block's energies to the features. `energies` has room for bins × 16 numbers.
  private func writeEnergies(
    _ scratch: FrameSpectrum.Scratch, _ energies: Buffer, frames: Int, into features: MatrixView, column: Int
  ) {
    let all = UnsafeMutableRawPointer(energies.pointer).assumingMemoryBound(to: SIMD16<Float>.self)
    if let range = bounds.power { scratch.hold(within: range) }
    triangles.logEnergies(of: scratch.power, bounds, into: all)
    for bin in 0..<bins {
      (features.row(bin) + column).update(from: energies.pointer + bin * FrameSpectrum.block, count: frames)
    }
  }

  private static func removeMean(_ values: UnsafeMutablePointer<Float>, count: Int) {
    ck_add_scalar(values, count, Float(-ck_sum(values, count) / Double(count)))
  }
}
