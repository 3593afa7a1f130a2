internal import CKernels

/// Power spectra of a block of frames, in double precision: speech holds spectra whose weakest bands are 10^10 times
/// below the strongest, and single precision then errs by some thousandths in the logarithm.
///
/// Unchecked: the tables are only read once they are made; what is written is in each thread's own `Scratch`.
final class FrameSpectrum: @unchecked Sendable {
  /// Frames that are transformed together: as many as the lanes of the vectors that go on with them.
  static let block = 16

  /// Points of the transform.
  let points: Int
  private let tables: OpaquePointer

  /// Memory for one block, that one thread at a time uses. Frames begin as zeros, and stay so beyond their own length.
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
    /// For each frequency below half the sampling rate the powers of the block's frames.
    var power: UnsafePointer<SIMD16<Float>> {
      UnsafeRawPointer(powers.pointer).assumingMemoryBound(to: SIMD16<Float>.self)
    }
  }

  /// The next power of two, which is also Kaldi's choice.
  static func points(atLeast length: Int) -> Int {
    var points = 8
    while points < length { points *= 2 }
    return points
  }

  init(atLeast length: Int) {
    points = Self.points(atLeast: length)
    guard let tables = ck_spectrum_new(points) else { fatalError("no memory for spectra of \(points) points") }
    self.tables = tables
  }

  deinit {
    ck_spectrum_free(tables)
  }

  func scratch() -> Scratch { Scratch(points: points) }

  /// Transforms the frames of the block.
  func power(_ scratch: Scratch) {
    ck_frame_powers(tables, scratch.samples, scratch.powers.pointer, scratch.room.pointer)
  }
}
