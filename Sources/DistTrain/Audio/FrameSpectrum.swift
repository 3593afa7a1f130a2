import CFFTW
internal import CKernels
import Foundation

/// Power spectra of a block of frames by FFTW, in double precision: speech holds spectra whose weakest bands are 10^10
/// times below the strongest, and single precision then errs by some thousandths in the logarithm.
final class FrameSpectrum: @unchecked Sendable {
  /// Frames that are transformed together: as many as the lanes of the vectors that go on with them.
  static let block = 16

  /// Points of the transform: the next power of two.
  let points: Int
  private let plan: fftw_plan

  /// Memory for one block, that one thread at a time uses. Frames begin as zeros, and stay so beyond their own length.
  struct Scratch {
    fileprivate let input: Buffer
    fileprivate let output: Buffer
    fileprivate let powers: Buffer
    fileprivate let points: Int

    fileprivate var samples: UnsafeMutablePointer<Double> {
      UnsafeMutableRawPointer(input.pointer).assumingMemoryBound(to: Double.self)
    }
    fileprivate var spectrum: UnsafeMutablePointer<fftw_complex> {
      UnsafeMutableRawPointer(output.pointer).assumingMemoryBound(to: fftw_complex.self)
    }

    /// The samples of a frame of the block.
    func frame(_ index: Int) -> UnsafeMutablePointer<Double> { samples + index * points }
    /// For each frequency below half the sampling rate the powers of the block's frames.
    var power: UnsafePointer<SIMD16<Float>> {
      UnsafeRawPointer(powers.pointer).assumingMemoryBound(to: SIMD16<Float>.self)
    }
  }

  init(atLeast length: Int) {
    var points = 1
    while points < length { points *= 2 }
    self.points = points
    let scratch = Self.scratch(points: points)
    var sizes = [Int32(points)]
    let block = Int32(Self.block)
    FourierPlanner.lock.lock()
    defer { FourierPlanner.lock.unlock() }
    let plan = fftw_plan_many_dft_r2c(
      1, &sizes, block, scratch.samples, nil, 1, Int32(points), scratch.spectrum, nil, block, 1, FourierPlanner.flags)
    guard let plan else { fatalError("FFTW made no plan for \(points) points") }
    self.plan = plan
  }

  deinit {
    FourierPlanner.lock.lock()
    fftw_destroy_plan(plan)
    FourierPlanner.lock.unlock()
  }

  func scratch() -> Scratch { Self.scratch(points: points) }

  /// Transforms the frames of the block.
  func power(_ scratch: Scratch) {
    fftw_execute_dft_r2c(plan, scratch.samples, scratch.spectrum)
    let spectrum = UnsafeRawPointer(scratch.output.pointer).assumingMemoryBound(to: Double.self)
    ck_squared_magnitudes(spectrum, scratch.powers.pointer, points / 2 * Self.block)
  }

  private static func scratch(points: Int) -> Scratch {
    let scratch = Scratch(
      input: Buffer(count: block * points * 2), output: Buffer(count: block * (points / 2 + 1) * 4),
      powers: Buffer(count: block * points / 2), points: points)
    scratch.samples.update(repeating: 0, count: block * points)
    return scratch
  }
}
