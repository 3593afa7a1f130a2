import CFFTW
import Synchronization

/// Power spectra of a block of frames by FFTW.
///
/// The plan is made by estimate, never by measurement: every process takes the same one, hence the same bits.
final class FrameSpectrum: @unchecked Sendable {
  /// Frames that are transformed together: as many as the lanes of the vectors that go on with them.
  static let block = 16

  /// Points of the transform: the next power of two.
  let points: Int
  private let plan: fftwf_plan

  /// Memory for one block, that one thread at a time uses. Frames begin as zeros, and stay so beyond their own length.
  struct Scratch {
    fileprivate let input: Buffer
    fileprivate let output: Buffer
    fileprivate let powers: Buffer
    fileprivate let points: Int

    /// The samples of a frame of the block.
    func frame(_ index: Int) -> UnsafeMutablePointer<Float> { input.pointer + index * points }
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
    let made = FourierPlanner.lock.withLock { _ in
      Plan(
        fftwf_plan_many_dft_r2c(
          1, &sizes, block, scratch.input.pointer, nil, 1, Int32(points), Self.complex(scratch.output), nil, block, 1,
          FourierPlanner.flags))
    }
    plan = made.plan
  }

  deinit {
    let plan = Plan(plan)
    FourierPlanner.lock.withLock { _ in fftwf_destroy_plan(plan.plan) }
  }

  func scratch() -> Scratch { Self.scratch(points: points) }

  /// Transforms the frames of the block.
  func power(_ scratch: Scratch) {
    fftwf_execute_dft_r2c(plan, scratch.input.pointer, Self.complex(scratch.output))
    let spectrum = UnsafeRawPointer(scratch.output.pointer).assumingMemoryBound(to: SIMD32<Float>.self)
    let power = UnsafeMutableRawPointer(scratch.powers.pointer).assumingMemoryBound(to: SIMD16<Float>.self)
    for frequency in 0..<points / 2 {
      let values = spectrum[frequency]
      power[frequency] = values.evenHalf * values.evenHalf + values.oddHalf * values.oddHalf
    }
  }

  private static func scratch(points: Int) -> Scratch {
    let scratch = Scratch(
      input: Buffer(count: block * points), output: Buffer(count: block * (points / 2 + 1) * 2),
      powers: Buffer(count: block * points / 2), points: points)
    scratch.input.pointer.update(repeating: 0, count: block * points)
    return scratch
  }

  private static func complex(_ buffer: Buffer) -> UnsafeMutablePointer<fftwf_complex> {
    UnsafeMutableRawPointer(buffer.pointer).assumingMemoryBound(to: fftwf_complex.self)
  }

  private struct Plan: @unchecked Sendable {
    let plan: fftwf_plan

    init(_ plan: fftwf_plan?) {
      guard let plan else { fatalError("FFTW made no plan") }
      self.plan = plan
    }
  }
}
