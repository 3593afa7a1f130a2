extension BatchNormalization {
  /// The statistics by which a batch was normalised.
  package struct Statistics: Sendable {
    /// The mean of each channel, in double precision so that ranks agree to the last bit of a float.
    let means: [Double]
    /// 1 / √(variance + ε) of each channel.
    let inverseDeviations: [Double]
    /// The means as floats, around which sums of rows are taken.
    var centres: [Float] { means.map { Float($0) } }
    /// The number of elements of a channel that the statistics were taken over, on all ranks. It is infinite for
    /// running statistics, which no element moves.
    let count: Double
    /// Whether these are running statistics.
    var isRunning: Bool { count.isInfinite }

    /// Turns Σ dy and Σ dy·(x − m), by channel, into Σ dy and Σ dy·x̂, where m is the channel's centre and x̂ the
    /// normalised input.
    func standardised(_ sums: [Double]) -> [Double] {
      var values = sums
      let centres = centres
      for pair in 0..<values.count / 2 {
        let channel = pair % means.count
        values[2 * pair + 1] =
          (sums[2 * pair + 1] + (Double(centres[channel]) - means[channel]) * sums[2 * pair])
          * inverseDeviations[channel]
      }
      return values
    }

    /// The coefficients of the input's gradient, by objective and channel.
    /// - Parameters:
    ///   - sums: Σ dy and Σ dy·x̂ over the batch for each objective and channel.
    ///   - slope: gives the output's slope of a channel by the input while means and deviations are held fixed.
    func rowCoefficients(
      _ sums: [Double], objectives: Int, slope: (_ channel: Int) -> Double
    ) -> [[RowCoefficients]] {
      (0..<objectives).map { objective in
        means.indices.map { channel in
          let at = 2 * (objective * means.count + channel)
          let a = slope(channel)
          let b = -a * inverseDeviations[channel] * sums[at + 1] / count
          let c = -a * sums[at] / count - b * means[channel]
          return RowCoefficients(a: Float(a), b: Float(b), c: Float(c))
        }
      }
    }
  }

  /// The coefficients by which a row of the input's gradient follows: dx = a · dy + b · x + c.
  struct RowCoefficients: Sendable {
    let a: Float
    let b: Float
    let c: Float
  }
}
