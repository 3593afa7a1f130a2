import CFFTW
import Foundation
import Synchronization

/// The Fourier transform of real signals of one length, and its inverse, by FFTW.
final class RealTransform: @unchecked Sendable {
  /// A power of two.
  let points: Int
  private let forwardPlan: fftwf_plan
  private let backwardPlan: fftwf_plan

  /// One transform per length is made and kept.
  private static let transforms = Mutex<[Int: RealTransform]>([:])

  /// The transform of the next power of two.
  static func points(atLeast count: Int) -> RealTransform {
    var points = 16
    while points < count { points *= 2 }
    return transforms.withLock { transforms in
      if let transform = transforms[points] { return transform }
      let transform = RealTransform(points: points)
      transforms[points] = transform
      return transform
    }
  }

  private init(points: Int) {
    self.points = points
    let signal = Buffer(count: points)
    let spectrum = Buffer(count: points + 2)
    FourierPlanner.lock.lock()
    defer { FourierPlanner.lock.unlock() }
    let size = Int32(points)
    guard
      let forward = fftwf_plan_dft_r2c_1d(size, signal.pointer, Self.complex(spectrum), FourierPlanner.flags),
      let backward = fftwf_plan_dft_c2r_1d(size, Self.complex(spectrum), signal.pointer, FourierPlanner.flags)
    else { fatalError("FFTW made no plan for \(points) points") }
    forwardPlan = forward
    backwardPlan = backward
  }

  /// Real and imaginary parts, in turn, of frequencies 0 ... points / 2 of a signal, zeros after its end.
  func forward(_ signal: [Float]) -> Buffer {
    precondition(signal.count <= points, "\(signal.count) samples for a transform of \(points)")
    let input = Buffer(count: points)
    signal.withUnsafeBufferPointer { input.pointer.update(from: $0.baseAddress!, count: signal.count) }
    (input.pointer + signal.count).update(repeating: 0, count: points - signal.count)
    let spectrum = Buffer(count: points + 2)
    fftwf_execute_dft_r2c(forwardPlan, input.pointer, Self.complex(spectrum))
    return spectrum
  }

  /// The signal of a spectrum, times the number of points. The spectrum is used up.
  func backward(_ spectrum: Buffer) -> Buffer {
    let signal = Buffer(count: points)
    fftwf_execute_dft_c2r(backwardPlan, Self.complex(spectrum), signal.pointer)
    return signal
  }

  private static func complex(_ buffer: Buffer) -> UnsafeMutablePointer<fftwf_complex> {
    UnsafeMutableRawPointer(buffer.pointer).assumingMemoryBound(to: fftwf_complex.self)
  }
}
