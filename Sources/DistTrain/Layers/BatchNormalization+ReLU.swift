internal import CKernels

/// Normalisation followed by a ReLU, in ResNet's order. The ReLU's output is a view of what was normalised
/// (`AffineView.rectified` of `view`), so the way back finds what passed the ReLU in the values themselves.
extension BatchNormalization {
  /// Takes the gradient of max(normalised, 0) back through the ReLU and the normalisation, in place.
  /// - Parameters:
  ///   - gradient: the gradient of the ReLU's output, channels × (objectives · columns).
  ///   - view: the normalised values, which `view` gave.
  func backwardBehindReLU(
    _ gradient: MatrixView, view: AffineView, _ statistics: Statistics, _ pass: BackwardPass
  ) {
    let input = view.values
    let centres = statistics.centres
    let coefficients = backwardCoefficients(input, statistics, pass) { channel, gradientColumn, columns, sums in
      ck_relu_normalization_sums(
        gradient.row(channel) + gradientColumn, input.row(channel) + columns.lowerBound, columns.count,
        centres[channel], view.scales[channel], view.shifts[channel], sums, sums + 1)
    }
    for objective in 0..<pass.objectives {
      inParallel(channels) { channel in
        let row = coefficients[objective][channel]
        ck_relu_normalization_backward(
          gradient.row(channel) + objective * input.columns, input.row(channel), input.columns, view.scales[channel],
          view.shifts[channel], row.a, row.b, row.c)
      }
    }
  }

  /// Takes the gradient of max(normalised + residual, 0) back through the ReLU, in place, and from there through the
  /// normalisation to other memory.
  /// - Parameters:
  ///   - gradient: the gradient of the ReLU's output, channels × (objectives · columns), which becomes that of the
  ///     residual.
  ///   - rectified: the output of the ReLU, channels × columns.
  ///   - input: the values that were normalised, channels × columns.
  ///   - inputGradient: takes their gradient, channels × (objectives · columns).
  /// - Returns: the gradients of a constant that was added to each channel before it was normalised, for each unit.
  @discardableResult
  func backwardBehindReLU(
    _ gradient: MatrixView, rectified: MatrixView, input: MatrixView, _ statistics: Statistics,
    into inputGradient: MatrixView, _ pass: BackwardPass
  ) -> UnitSums {
    let centres = statistics.centres
    let coefficients = backwardCoefficients(input, statistics, pass) { channel, gradientColumn, columns, sums in
      ck_relu_backward_sums(
        gradient.row(channel) + gradientColumn, rectified.row(channel) + columns.lowerBound,
        input.row(channel) + columns.lowerBound, columns.count, centres[channel], sums, sums + 1)
    }
    return UnitSums(rows: channels, columns: input.columns, pass) { objective, channel, columns in
      let row = coefficients[objective][channel]
      let start = objective * input.columns + columns.lowerBound
      let result = inputGradient.row(channel) + start
      ck_affine_sum(
        gradient.row(channel) + start, input.row(channel) + columns.lowerBound, result, columns.count, row.a, row.b,
        row.c)
      // A batch's mean takes the constant away again, but a running one does not.
      return statistics.isRunning ? ck_sum(result, columns.count) : 0
    }
  }
}
