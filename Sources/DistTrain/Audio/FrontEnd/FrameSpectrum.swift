internal import CKernels

/// Power spectra of a block of frames, in double precision: speech holds spectra whose weakest bands are 10^10 times
/// below the strongest, and single precision then errs by some thousandths in the logarithm.
///
/// Unchecked: the tables are only read once they are made; what is written is in each thread's own `Scratch`.
final class FrameSpectrum: @unchecked Sendable {
  /// The number of frames that are transformed together, which is the number of lanes of the vectors that process them
  /// further.
  static let block = 16

  /// The number of points of the transform.
  let points: Int
  private let tables: OpaquePointer

  /// Memory for one block, which one thread at a time uses. Frames begin as zeros, and stay zero beyond their own
  /// length.
  struct Scratch {
    fileprivate let input: Buffer
    fileprivate let room: Buffer
    fileprivate let powers: Buffer
    fileprivate let points: Int

    fileprivate init(points: Int) {
      input = Buffer(count: FrameSpectrum.block * points * 2)
      room = Buffer(count: 8 * points)
      powers = Buffer(count: FrameSpectrum.block * points / 2)
      self.points = points
      samples.update(repeating: 0, count: FrameSpectrum.block * points)
    }

    fileprivate var samples: UnsafeMutablePointer<Double> {
      UnsafeMutableRawPointer(input.pointer).assumingMemoryBound(to: Double.self)
    }

    /// The samples of a frame of the block.
    func frame(_ index: Int) -> UnsafeMutablePointer<Double> { samples + index * points }
    /// Holds the powers of the block within a range.
    func hold(within range: ClosedRange<Float>) {
      let power = UnsafeMutableRawPointer(powers.pointer).assumingMemoryBound(to: SIMD16<Float>.self)
      for frequency in 0..<points / 2 { power[frequency] = power[frequency].held(within: range) }
    }

    /// The powers of the block's 16 frames, for each frequency below half the sampling rate.
    var power: UnsafePointer<SIMD16<Float>> {
      UnsafeRawPointer(powers.pointer).assumingMemoryBound(to: SIMD16<Float>.self)
    }
  }

  /// The number of points for frames of `length` samples: the next power of two, as in Kaldi, and at least 8.
  static func points(atLeast length: Int) -> Int {
    var points = 8
    while points < length { points *= 2 }
    return points
  }

  /// Prepares spectra of a number of points: a power of two of at least 8, or one of at least 16 times a power of five.
  init(points: Int) {
    self.points = points
    guard let tables = ck_spectrum_new(points) else {
      fatalError("no spectra of \(points) points, or no memory for them")
    }
    self.tables = tables
  }

  deinit {
    ck_spectrum_free(tables)
  }

  /// Memory for one block of frames.
  func scratch() -> Scratch { Scratch(points: points) }

  /// Transforms the frames of a block and writes their powers.
  func power(_ scratch: Scratch) {
    ck_frame_powers(tables, scratch.samples, scratch.powers.pointer, scratch.room.pointer)
  }
}
