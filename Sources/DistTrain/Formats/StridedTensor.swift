/// How a tensor lies in the numbers of a storage: its element [i, j, …] is number offset + i · strides[0] + j ·
/// strides[1] + … of them.
struct StridedTensor: Sendable, Equatable {
  let shape: [Int]
  let strides: [Int]
  let offset: Int
  /// The number of elements.
  let count: Int

  /// - Returns: nil where the tensor reaches beyond the `stored` numbers of the storage, or has more elements than
  /// there   are, as one whose numbers were repeated without a copy.
  init?(shape: [Int], strides: [Int], offset: Int, stored: Int) {
    guard shape.count == strides.count, (shape + strides + [offset]).allSatisfy({ $0 >= 0 }), offset <= stored else {
      return nil
    }
    (self.shape, self.strides, self.offset) = (shape, strides, offset)
    if shape.contains(0) {
      count = 0
      return
    }
    var (count, last) = (1, offset)
    for (extent, stride) in zip(shape, strides) {
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: extent)
      let (reach, isTooFar) = (extent - 1).multipliedReportingOverflow(by: stride)
      guard !isTooLarge, product <= stored, !isTooFar, reach < stored - last else { return nil }
      (count, last) = (product, last + reach)
    }
    guard last < stored else { return nil }
    self.count = count
  }

  /// The numbers of the storage that the tensor lies within.
  var span: Range<Int> {
    count == 0 ? offset..<offset : offset..<offset + 1 + zip(shape, strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
  }

  /// Whether the elements lie one behind the other, in row-major order.
  var isContiguous: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      if stride != expected { return false }
      expected *= extent
    }
    return true
  }

  /// Writes the elements in row-major order.
  /// - Parameter span: the numbers of `span`.
  func gather(_ span: UnsafeBufferPointer<Float>, into values: UnsafeMutableBufferPointer<Float>) {
    guard count > 0 else { return }
    var index = [Int](repeating: 0, count: shape.count)
    var place = 0
    for element in 0..<count {
      values[element] = span[place]
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        place += strides[axis]
        if index[axis] < shape[axis] { break }
        place -= shape[axis] * strides[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }
}
