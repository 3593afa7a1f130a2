internal import CKernels

/// Convolution by means of the Fourier transform.
enum Convolution {
  /// The full convolution: Σ_j a[j]·b[i−j] for i in 0 ..< a.count + b.count − 1.
  static func full(_ a: [Float], _ b: [Float]) -> [Float] {
    precondition(!a.isEmpty && !b.isEmpty, "nothing to convolve")
    let count = a.count + b.count - 1
    let room = Buffer(count: ck_convolve_room(count) / MemoryLayout<Float>.size)
    return [Float](unsafeUninitializedCapacity: count) { result, initialized in
      ck_convolve(a, a.count, b, b.count, result.baseAddress!, room.pointer)
      initialized = count
    }
  }
}
