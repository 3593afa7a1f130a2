internal import CKernels

/// What svdist's own kernels of rows, of products and of spectra give.
extension Arithmetic {
  /// Products with edges of every tile, with sums longer than a block, and with factors stored in each way.
  static func products(_ precision: Precision) -> [Float] {
    [(1, 1, 1), (5, 37, 300), (29, 70, 517), (3, 200, 64)].enumerated().flatMap { item, shape in
      let (rows, columns, inner) = shape
      let (a, b) = (matrix(rows, inner, item: 3 * item), matrix(inner, columns, item: 3 * item + 1))
      let c = Matrix(rows: rows, columns: columns)
      multiply(a.view, b.view, into: c.view, precision: precision)
      multiply(transposed: a.transposed.view, b.view, into: c.view, adding: true, precision: precision)
      multiply(a.view, transposed: b.transposed.view, into: c.view, adding: true, precision: precision)
      return c.values
    }
  }

  /// The numbers of elements of the rows that kernels are tried with, shorter and longer than their blocks.
  private static let counts = [1, 15, 200, 4500]

  static var loops: [Float] {
    counts.flatMap { count -> [Float] in
      let (x, z) = (numbers(count, item: 101), numbers(count, item: 102))
      var (sum, weighted, mean, other) = (0.0, 0.0, Float(0), Float(0))
      ck_normalization_sums(x, z, count, 0.1, &sum, &weighted)
      var totals = [ck_sum(x, count), ck_squared_deviations(x, count, 0.1), ck_dot(x, z, count), sum, weighted]
      var rows = [Float]()
      func take(_ row: [Float], _ change: (UnsafeMutablePointer<Float>) -> Void) {
        var row = row
        row.withUnsafeMutableBufferPointer { change($0.baseAddress!) }
        rows += row
      }
      take(x) { totals.append(ck_add_scalar_relu($0, count, 0.1)) }
      take(x) { totals.append(ck_normalization_relu_backward($0, z, $0, count, 0.3, 0.7, -0.1)) }
      take(x) { ck_normalization_backward($0, z, count, 0.3, 0.7, -0.1) }
      take(x) { ck_add_scalar($0, count, 0.1) }
      take(x) { ck_add($0, z, $0, count) }
      take(x) { ck_relu_backward($0, z, count) }
      take(x) { ck_affine($0, $0, count, 0.3, -0.7) }
      take(x) { ck_affine_sum($0, z, $0, count, 0.3, -0.7, 0.1) }
      take(x) { ck_affine_factor($0, z, x, 0.3, count) }
      take(x) { ck_combine($0, z, $0, count, 0.3, -0.7) }
      take(x) { ck_tanh($0, count) }
      take(x) { ck_sigmoid($0, count) }
      take(x) { ck_tanh_backward($0, z, count) }
      take(x) { ck_attentive_statistics($0, z, count, &mean, &other) }
      rows += [mean, other]
      take(x) { ck_attentive_variance($0, z, count, &mean, &other) }
      rows += [mean, other]
      take(x) { ck_attention_backward(z, x, $0, count, 0.3, 0.7, 0.1) }
      take(x) { ck_pooling_relu_backward($0, z, x, count, 0.3, 0.7, 0.2, 0.1) }
      take(x) { ck_pooling_backward($0, z, x, count, 0.3, 0.7, 0.2, 0.1) }
      take(x.map { abs($0) + 0.001 }) { ck_log($0, count) }
      return rows + parts(of: totals)
    }
  }

  static var mapLoops: [Float] {
    counts.flatMap { count -> [Float] in
      let (x, z) = (numbers(count, item: 111), numbers(count, item: 112))
      var (totals, rows) = ([Double](), [Float]())
      func take(_ change: (UnsafeMutablePointer<Float>, inout Double, inout Double) -> Void) {
        var (row, sum, weighted) = (x, 0.0, 0.0)
        row.withUnsafeMutableBufferPointer { change($0.baseAddress!, &sum, &weighted) }
        rows += row
        totals += [sum, weighted]
      }
      take { row, _, _ in ck_affine_relu(row, row, count, 0.3, -0.1) }
      take { row, _, _ in ck_affine_sum_relu(row, z, row, count, 0.3, -0.7, 0.1) }
      take { row, sum, _ in sum = ck_affine_relu_sum(row, count, 0.3, -0.1) }
      take { ck_affine_relu_backward_sums(x, z, $0, count, 0.1, 0.3, -0.05, &$1, &$2) }
      take { ck_relu_normalization_sums($0, z, count, 0.1, 0.3, -0.05, &$1, &$2) }
      take { ck_relu_backward_sums($0, z, x, count, 0.1, &$1, &$2) }
      take { row, _, _ in ck_relu_normalization_backward(row, z, count, 0.3, -0.05, 0.3, 0.7, -0.1) }
      return rows + parts(of: totals)
    }
  }

  static var timeLoops: [Float] {
    counts.flatMap { count -> [Float] in
      let (x, z) = (numbers(count, item: 131), numbers(count, item: 132))
      var rows = [Float]()
      func take(_ change: (UnsafeMutablePointer<Float>) -> Void) {
        var row = x
        row.withUnsafeMutableBufferPointer { change($0.baseAddress!) }
        rows += row
      }
      take { ck_affine_gelu($0, $0, count, 6, 0.3) }
      take { ck_affine_gelu_backward($0, z, count, 6, 0.3) }
      let wide = z.map { 6 * $0 }
      take { ck_gelu_tanh(wide, $0, count) }
      take { ck_gelu_tanh_backward($0, wide, count) }
      take { ck_softmax($0, count, 3) }
      take { ck_softmax_backward(z, $0, count, 3) }
      var totals = [Double]()
      for taps in [7, 19, 47, 59] {
        let weights = numbers(taps, item: 133)
        take { ck_depthwise_row(z, $0, count, weights, taps, 0, 0.1, 0) }
        take { ck_depthwise_row(z, $0, count, weights, taps, 1, 0, 1) }
        var sums = [Double](repeating: 0, count: taps)
        ck_depthwise_row_gradient(x, z, count, taps, &sums)
        totals += sums
      }
      return rows + parts(of: totals)
    }
  }

  /// Columns that are normalised, and the gradients on the way back.
  static var normalizedColumns: [Float] {
    let (rows, columns) = (5, 150)
    let (x, gradient) = (matrix(rows, columns, item: 141), matrix(rows, columns, item: 142))
    let (weights, biases) = (numbers(rows, item: 143), numbers(rows, item: 144))
    let (y, back) = (Matrix(rows: rows, columns: columns), Matrix(rows: rows, columns: columns))
    let statistics = Matrix(rows: 2, columns: columns)
    ck_layer_normalization(
      x.pointer, columns, rows, columns, weights, biases, 1e-6, y.pointer, columns, statistics.row(0),
      statistics.row(1))
    ck_layer_normalization_backward(
      gradient.pointer, columns, x.pointer, columns, rows, columns, weights, statistics.row(0), statistics.row(1),
      back.pointer, columns)
    let sums = (0..<rows).flatMap { row -> [Float] in
      var (sum, weighted) = (0.0, 0.0)
      ck_layer_normalization_sums(
        gradient.row(row), x.row(row), statistics.row(0), statistics.row(1), columns, &sum, &weighted)
      return parts(of: [sum, weighted])
    }
    return y.values + statistics.values + back.values + sums
  }

  static var gateLoops: [Float] {
    counts.flatMap { count -> [Float] in
      let (x, z) = (numbers(count, item: 131), numbers(count, item: 132))
      let energies = x.map { 12 * $0 }
      var (gates, first, second) = (x, 0.0, 0.0)
      ck_energy_gates(x, &gates, count, 0.3, -0.1, 0.7)
      ck_energy_gate_sums(z, x, &gates, count, 0.3, -0.1, 0.2, &first, &second)
      var rows = gates
      func take(_ row: [Float], _ change: (UnsafeMutablePointer<Float>) -> Void) {
        var row = row
        row.withUnsafeMutableBufferPointer { change($0.baseAddress!) }
        rows += row
      }
      take(x) { ck_energy_gate($0, $0, count, 0.3, -0.1, 0.2, 0.7) }
      take(z) { ck_energy_gate_backward($0, x, gates, count, 0.3, -0.1, 0.2, 0.7, 0.4, -0.6) }
      take(energies) { ck_precisions($0, $0, count) }
      take(z) { ck_precisions_backward(energies, x, $0, count, 0.3, 0.1) }
      take(z) { ck_add_precisions(energies, $0, count, 0.3) }
      return rows + parts(of: [first, second])
    }
  }

  /// The spectra of frames, and a convolution.
  static var transforms: [Float] {
    powers(points: 512) + Convolution.full(numbers(1000, item: 601), numbers(77, item: 602))
  }

  /// The powers of frames of 400 samples, of as many points or more.
  static func powers(points: Int) -> [Float] {
    let spectrum = FrameSpectrum(points: points)
    let scratch = spectrum.scratch()
    let window = numbers(400, item: 501).map { Double($0) }
    for frame in 0..<FrameSpectrum.block {
      let (samples, noise) = (numbers(400, item: 502 + frame), numbers(400, item: 552 + frame))
      ck_shape_frame(samples, noise, 0.1, 0.97, window, 400, scratch.frame(frame))
    }
    spectrum.power(scratch)
    return (0..<points / 2).flatMap { frequency in
      (0..<FrameSpectrum.block).map { scratch.power[frequency][$0] }
    }
  }
}
