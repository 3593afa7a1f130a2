import DistTrain

/// Numbers of a shape, the last axis fastest, and whether they are whole numbers, which divide without a remainder.
struct GraphTensor {
  var shape: [Int]
  var values: [Double]
  var isWhole = false

  init(_ shape: [Int], _ values: [Double], isWhole: Bool = false) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values of shape \(shape)")
    (self.shape, self.values, self.isWhole) = (shape, values, isWhole)
  }

  init(_ constant: ONNXGraph.Constant) {
    switch constant {
    case .numbers(_, let numbers): self.init([numbers.count], numbers.map(Double.init), isWhole: true)
    case .tensor(let tensor):
      let values = tensor.withBytes { Array($0.bindMemory(to: Float.self)) }
      self.init(tensor.shape, values.map(Double.init))
    }
  }

  var numbers: [Int] { values.map { Int($0) } }

  /// The elements from one index of each axis to the next.
  var strides: [Int] { shape.indices.map { shape[($0 + 1)...].reduce(1, *) } }

  /// An axis counted from the beginning.
  func axis(_ axis: Int) -> Int { axis < 0 ? shape.count + axis : axis }

  /// The tensor whose element at an index is the one here at the sum of what the axes have at it; 0 where one has nil.
  /// - Parameter places: for each index of each axis, the elements to go on.
  func gathered(_ places: [[Int?]]) -> GraphTensor {
    var elements: [Int?] = [0]
    for axis in places {
      var next: [Int?] = []
      next.reserveCapacity(elements.count * axis.count)
      for element in elements {
        for place in axis {
          if let element, let place { next.append(element + place) } else { next.append(nil) }
        }
      }
      elements = next
    }
    return GraphTensor(places.map(\.count), elements.map { $0.map { values[$0] } ?? 0 }, isWhole: isWhole)
  }

  /// The tensor that repeats this one along axes of extent 1, and along new ones before them (ONNX, "Broadcasting").
  func stretched(to shape: [Int]) -> GraphTensor {
    if shape == self.shape { return self }
    let (missing, strides) = (shape.count - self.shape.count, strides)
    return gathered(
      shape.indices.map { axis in
        let own = axis - missing
        let stride = own < 0 || self.shape[own] == 1 ? 0 : strides[own]
        return (0..<shape[axis]).map { $0 * stride }
      })
  }

  static func common(_ shapes: [[Int]]) -> [Int] {
    let count = shapes.map(\.count).max() ?? 0
    let filled = shapes.map { [Int](repeating: 1, count: count - $0.count) + $0 }
    return (0..<count).map { axis in
      let extents = Set(filled.map { $0[axis] }).subtracting([1])
      precondition(extents.count < 2, "shapes \(shapes) do not fit")
      return extents.first ?? 1
    }
  }

  func mapped(_ body: (Double) -> Double) -> GraphTensor { GraphTensor(shape, values.map(body), isWhole: isWhole) }

  func combined(_ other: GraphTensor, _ body: (Double, Double) -> Double) -> GraphTensor {
    precondition(isWhole == other.isWhole, "whole numbers and others do not go together")
    let shape = Self.common([self.shape, other.shape])
    let (left, right) = (stretched(to: shape), other.stretched(to: shape))
    return GraphTensor(shape, zip(left.values, right.values).map(body), isWhole: isWhole)
  }

  func reshaped(_ wanted: [Int]) -> GraphTensor {
    var shape = wanted.enumerated().map { $1 == 0 ? self.shape[$0] : $1 }
    if let open = shape.firstIndex(of: -1) {
      shape[open] = values.count / shape.filter { $0 != -1 }.reduce(1, *)
    }
    return GraphTensor(shape, values, isWhole: isWhole)
  }

  func transposed(_ order: [Int]) -> GraphTensor {
    let strides = strides
    return gathered(order.map { axis in (0..<shape[axis]).map { $0 * strides[axis] } })
  }

  /// What `body` makes of the elements along some axes, which have extent 1 then or are gone.
  func reduced(_ axes: [Int], keeping: Bool = true, _ body: ([Double]) -> Double) -> GraphTensor {
    let axes = Set(axes.map(axis))
    let order = shape.indices.filter { !axes.contains($0) } + shape.indices.filter { axes.contains($0) }
    let turned = transposed(order)
    let length = axes.reduce(1) { $0 * shape[$1] }
    let values = stride(from: 0, to: turned.values.count, by: length).map {
      body(Array(turned.values[$0..<$0 + length]))
    }
    let extents = shape.indices.compactMap { axes.contains($0) ? (keeping ? 1 : nil) : shape[$0] }
    return GraphTensor(extents, values, isWhole: isWhole)
  }

  /// Some of the extent of an axis, from an index on.
  func part(of axis: Int, from start: Int, count: Int) -> GraphTensor {
    indexed(axis, Array(start..<start + count))
  }

  /// The indices of an axis from one to before another, forwards or backwards; negative ones count from the end (ONNX,
  /// "Slice").
  func slice(of axis: Int, from start: Int, to end: Int, by step: Int) -> GraphTensor {
    let extent = shape[axis]
    func place(_ index: Int, _ bounds: ClosedRange<Int>) -> Int {
      min(max(index < 0 ? index + extent : index, bounds.lowerBound), bounds.upperBound)
    }
    let first = place(start, step > 0 ? 0...extent : 0...extent - 1)
    let last = place(end, step > 0 ? 0...extent : -1...extent - 1)
    return indexed(axis, Array(stride(from: first, to: last, by: step)))
  }

  private func indexed(_ axis: Int, _ indices: [Int]) -> GraphTensor {
    let strides = strides
    return gathered(
      shape.indices.map { own in (own == axis ? indices : Array(0..<shape[own])).map { $0 * strides[own] } })
  }
}
