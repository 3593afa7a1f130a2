internal import CKernels

/// Normalisation of a ReLU's output, in ECAPA-TDNN's order. The way back goes through both in one pass, and gives the
/// sums of the gradient that a bias before the ReLU needs.
extension BatchNormalization {
  /// Takes the gradient back through the normalisation and the ReLU before it, in place.
  /// - Parameter rectified: the output of the ReLU, of which `view` gave a view.
  /// - Returns: the sums of the new gradient over the columns of each unit.
  func backwardThroughReLU(
    _ gradient: MatrixView, rectified: MatrixView, _ statistics: Statistics, _ pass: BackwardPass
  ) -> UnitSums {
    let coefficients = backwardCoefficients(gradient, input: rectified, statistics, pass)
    return throughReLU(gradient, coefficients, rectified: rectified, pass)
  }

  /// Takes a gradient whose sums are known back through the normalisation and the ReLU before it, in place.
  /// - Parameters:
  ///   - sums: Σ dy and Σ dy·(x − m) for each unit, objective and channel, where m is the channel's centre.
  ///   - rectified: the output of the ReLU, of which `view` gave a view.
  /// - Returns: the sums of the new gradient over the columns of each unit.
  func backwardThroughReLU(
    _ gradient: MatrixView, sums: [Double], rectified: MatrixView, _ statistics: Statistics, _ pass: BackwardPass
  ) -> UnitSums {
    throughReLU(gradient, backwardCoefficients(sums, statistics, pass), rectified: rectified, pass)
  }

  private func throughReLU(
    _ gradient: MatrixView, _ coefficients: [[RowCoefficients]], rectified: MatrixView, _ pass: BackwardPass
  ) -> UnitSums {
    UnitSums(rows: channels, columns: rectified.columns, pass) { objective, channel, columns in
      let row = coefficients[objective][channel]
      let own = gradient.row(channel) + objective * rectified.columns + columns.lowerBound
      return ck_normalization_relu_backward(
        own, rectified.row(channel) + columns.lowerBound, own, columns.count, row.a, row.b, row.c)
    }
  }

  /// Takes a gradient that is not stored back through the normalisation and the ReLU before it.
  /// - Parameters:
  ///   - gradient: the gradient of the output, with sums around the statistics' centres.
  ///   - target: takes the result, channels × (objectives · columns).
  /// - Returns: the sums of the result over the columns of each unit.
  func backwardThroughReLU(
    _ gradient: GatedGradient, rectified: MatrixView, _ statistics: Statistics, into target: MatrixView,
    _ pass: BackwardPass
  ) -> UnitSums {
    let utterances = gradient.gates.columns
    let frames = rectified.columns / utterances
    let coefficients = backwardCoefficients(gradient.sums, statistics, pass)
    return UnitSums(rows: channels, columns: utterances, pass) { objective, channel, unit in
      let row = coefficients[objective][channel]
      return unit.reduce(0) { sum, utterance in
        let column = objective * utterances + utterance
        return sum
          + ck_normalization_relu_backward(
            gradient.gradient.row(channel) + column * frames, rectified.row(channel) + utterance * frames,
            target.row(channel) + column * frames, frames, row.a * gradient.gates[channel, utterance], row.b,
            row.c + row.a * gradient.constants[channel, column])
      }
    }
  }
}
