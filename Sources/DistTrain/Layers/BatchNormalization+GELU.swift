internal import CKernels

/// Normalisation followed by GELU, x·P(X < x) for a normal X (Hendrycks and Gimpel 2016).
extension BatchNormalization {
  /// Takes the gradient of gelu(normalised) back through both, in place.
  /// - Parameters:
  ///   - gradient: the gradient of gelu's output, channels × (objectives · columns).
  ///   - view: the normalised values, which `view` gave.
  func backwardBehindGELU(
    _ gradient: MatrixView, view: AffineView, _ statistics: Statistics, _ pass: BackwardPass
  ) {
    let input = view.values
    let centres = statistics.centres
    // A row's unit is still in the cache when its sums are taken.
    let coefficients = backwardCoefficients(input, statistics, pass) { channel, gradientColumn, columns, sums in
      let own = gradient.row(channel) + gradientColumn
      let values = input.row(channel) + columns.lowerBound
      ck_affine_gelu_backward(own, values, columns.count, view.scales[channel], view.shifts[channel])
      ck_normalization_sums(own, values, columns.count, centres[channel], sums, sums + 1)
    }
    for objective in 0..<pass.objectives {
      inParallel(channels) { channel in
        let row = coefficients[objective][channel]
        ck_normalization_backward(
          gradient.row(channel) + objective * input.columns, input.row(channel), input.columns, row.a, row.b, row.c)
      }
    }
  }
}
