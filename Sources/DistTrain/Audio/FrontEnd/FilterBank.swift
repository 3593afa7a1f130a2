internal import CKernels
import Foundation

/// Log mel filter-bank features as wespeaker computes them (`dataset/processor.py`), with Kaldi's definitions
/// (`feature-window.cc`, `mel-computations.cc`).
///
/// Samples are scaled to 16 bits; frames of 25 ms every 10 ms, only whole ones; dither, removal of the frame's mean,
/// pre-emphasis 0.97 (the first sample stands for its own predecessor), symmetric Hamming window; power spectrum of 512
/// points at 16 kHz; triangles linear in mel = 1127·ln(1 + f/700) from 20 Hz to half the sampling rate; natural
/// logarithm; minus each bin's mean over the frames.
package struct FilterBank: Sendable {
  package let bins: Int
  package let sampleRate: Int
  /// The standard deviation, in steps of 16 bits, of the noise added to each sample of each frame.
  package let dither: Double

  private let frameLength: Int
  private let frameShift: Int
  private let window: [Double]
  private let spectrum: FrameSpectrum
  private let triangles: MelTriangles

  /// 16-bit steps in full scale: a power of two, so that scaling before or after the linear stages gives equal bits.
  private static let fullScale = 32768.0
  private static let preEmphasis = 0.97
  /// The smallest power that a logarithm is taken of: Kaldi's, the spacing of floats at 1.
  private static let floor = Float.ulpOfOne

  package init(bins: Int = 80, sampleRate: Int = 16_000, dither: Double) {
    precondition(bins > 0 && sampleRate >= 8000 && dither >= 0, "a filter bank of \(bins) bins at \(sampleRate) Hz")
    self.bins = bins
    self.sampleRate = sampleRate
    self.dither = dither
    frameLength = Self.frameLength(sampleRate)
    frameShift = Self.frameShift(sampleRate)
    let length = frameLength
    window = (0..<length).map { index in
      Self.fullScale * (0.54 - 0.46 * cos(2 * .pi * Double(index) / Double(length - 1)))
    }
    spectrum = FrameSpectrum(atLeast: length)
    triangles = MelTriangles(bins: bins, points: spectrum.points, sampleRate: Double(sampleRate), lowest: 20)
  }

  /// Frames that `samples` samples give: 1 + ⌊(N − 400) / 160⌋ at 16 kHz, 0 for fewer than one frame has.
  package static func frames(samples: Int, sampleRate: Int = 16_000) -> Int {
    let length = frameLength(sampleRate)
    return samples < length ? 0 : 1 + (samples - length) / frameShift(sampleRate)
  }

  /// The fewest samples that give `frames` frames.
  package static func samples(frames: Int, sampleRate: Int = 16_000) -> Int {
    frames > 0 ? frameLength(sampleRate) + (frames - 1) * frameShift(sampleRate) : 0
  }

  private static func frameLength(_ sampleRate: Int) -> Int { sampleRate * 25 / 1000 }
  private static func frameShift(_ sampleRate: Int) -> Int { sampleRate * 10 / 1000 }

  /// The features of one utterance, bins × frames.
  ///
  /// - Parameters:
  ///   - samples: full scale is ±1; at least one frame of them. Shorter utterances: `Waveform.tiled`.
  ///   - dither: decides the noise; nil for none.
  package func features(of samples: [Float], dither: RandomStream?) -> Matrix {
    let features = Matrix(rows: bins, columns: Self.frames(samples: samples.count, sampleRate: sampleRate))
    write(samples, dither: dither, into: features, column: 0)
    return features
  }

  /// Writes the T frames of one utterance to columns `column ..< column + T` of `features`, bins × (utterances · frames).
  package func write(_ samples: [Float], dither: RandomStream?, into features: Matrix, column: Int) {
    let frames = Self.frames(samples: samples.count, sampleRate: sampleRate)
    precondition(frames > 0, "\(samples.count) samples are less than one frame: repeat the utterance first")
    precondition(features.rows == bins, "\(bins) rows expected, not \(features.rows)")
    precondition(column >= 0 && column + frames <= features.columns, "\(frames) columns from \(column) do not fit")
    let amplitude = self.dither / Self.fullScale
    var noise = amplitude > 0 ? dither.map { GaussianNoise($0) } : nil
    let scratch = spectrum.scratch()
    let energies = Buffer(count: bins * FrameSpectrum.block)
    samples.withUnsafeBufferPointer { samples in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: frameLength) { dither in
        dither.initialize(repeating: 0)
        for first in stride(from: 0, to: frames, by: FrameSpectrum.block) {
          let count = min(FrameSpectrum.block, frames - first)
          for frame in 0..<count {
            noise?.fill(dither)
            ck_shape_frame(
              samples.baseAddress! + (first + frame) * frameShift, dither.baseAddress!, amplitude, Self.preEmphasis,
              window, frameLength, scratch.frame(frame))
          }
          spectrum.power(scratch)
          writeEnergies(scratch, energies, frames: count, into: features, column: column + first)
        }
      }
    }
    for bin in 0..<bins { Self.removeMean(features.row(bin) + column, count: frames) }
  }

  /// Writes the logarithms of a block's energies. `energies` has room for bins × 16 numbers.
  private func writeEnergies(
    _ scratch: FrameSpectrum.Scratch, _ energies: Buffer, frames: Int, into features: Matrix, column: Int
  ) {
    let all = UnsafeMutableRawPointer(energies.pointer).assumingMemoryBound(to: SIMD16<Float>.self)
    triangles.logEnergies(of: scratch.power, floor: Self.floor, into: all)
    for bin in 0..<bins {
      (features.row(bin) + column).update(from: energies.pointer + bin * FrameSpectrum.block, count: frames)
    }
  }

  private static func removeMean(_ values: UnsafeMutablePointer<Float>, count: Int) {
    ck_add_scalar(values, count, Float(-ck_sum(values, count) / Double(count)))
  }
}
