internal import CKernels

/// Clipping of gradients to a given norm.
package enum GradientClipping {
  /// The norm ‖g‖ of a range of a flat buffer.
  package static func norm(_ gradient: Matrix, _ range: Range<Int>) -> Double {
    let start = gradient.pointer + range.lowerBound
    return ck_dot(start, start, range.count).squareRoot()
  }

  /// Scales the range so that its norm is at most `limit`; nil clips nothing.
  /// - Returns: the norm before.
  @discardableResult
  package static func clip(_ gradient: Matrix, _ range: Range<Int>, to limit: Double?) -> Double {
    clip(gradient, range, of: norm(gradient, range), to: limit)
  }

  /// Scales the range, which is all or a part of what has a norm, so that this is at most `limit`; nil clips nothing.
  /// - Returns: the norm before.
  @discardableResult
  package static func clip(_ gradient: Matrix, _ range: Range<Int>, of length: Double, to limit: Double?) -> Double {
    if let limit, length > limit {
      let start = gradient.pointer + range.lowerBound
      ck_affine(start, start, range.count, Float(limit / length), 0)
    }
    return length
  }
}
