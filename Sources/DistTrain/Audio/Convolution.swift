/// Convolution by way of the Fourier transform.
enum Convolution {
  /// Σ_j a[j]·b[i−j] for i in 0 ..< a.count + b.count − 1.
  static func full(_ a: [Float], _ b: [Float]) -> [Float] {
    precondition(!a.isEmpty && !b.isEmpty, "nothing to convolve")
    let count = a.count + b.count - 1
    let transform = RealTransform.points(atLeast: count)
    let first = transform.forward(a)
    let second = transform.forward(b)
    let scale = 1 / Float(transform.points)
    for index in stride(from: 0, to: transform.points + 2, by: 2) {
      let (re, im) = (first.pointer[index] * scale, first.pointer[index + 1] * scale)
      let (otherRe, otherIm) = (second.pointer[index], second.pointer[index + 1])
      first.pointer[index] = re * otherRe - im * otherIm
      first.pointer[index + 1] = re * otherIm + im * otherRe
    }
    let product = transform.backward(first)
    return Array(UnsafeBufferPointer(start: product.pointer, count: count))
  }
}
