internal import CKernels

/// A pooling over frames whose way back continues through the ReLU before it.
protocol RectifiedPooling: GraphLayer {
  /// Writes the gradient of the values before the ReLU whose output the input is.
  /// - Parameter inputGradient: takes it, channels × (objectives · utterances · frames).
  func backwardThroughReLU(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass)
}

extension AttentiveStatisticsPooling: RectifiedPooling {}

extension TemporalStatisticsPooling: RectifiedPooling {
  func backwardThroughReLU(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    backward(gradient, cache: cache, into: inputGradient, pass)
    inputGradient?.passThroughReLU(cache.input.plain)
  }
}

extension XiPooling: RectifiedPooling {
  func backwardThroughReLU(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    backward(gradient, cache: cache, into: inputGradient, pass)
    inputGradient?.passThroughReLU(cache.input)
  }
}

extension MatrixView {
  /// Takes a gradient, rows × (objectives · columns), back through a ReLU.
  /// - Parameter rectified: the output of the ReLU, rows × columns.
  fileprivate func passThroughReLU(_ rectified: MatrixView) {
    let columns = rectified.columns
    inParallel(rows) { row in
      for start in Swift.stride(from: 0, to: self.columns, by: columns) {
        ck_relu_backward(self.row(row) + start, rectified.row(row), columns)
      }
    }
  }
}
