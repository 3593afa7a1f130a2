internal import CKernels

/// The means and variances of channels over a batch, on all ranks or on this one alone, as the pass's `combine`
/// decides.
///
/// Normalisations of the same channels share them: each has a weight, a bias and running statistics of its own, but
/// what they scale and shift is the same. They also share the way back through means and variances, which depends on
/// the sum of their gradients alone.
struct BatchMoments: Sendable {
  /// The mean of each channel, in double precision so that ranks agree to the last bit of a float.
  private(set) var means: [Double]
  /// The biased variance of each channel.
  private(set) var variances: [Double]
  /// The number of elements of a channel, on all ranks.
  let count: Double

  private init(means: [Double], variances: [Double], count: Double) {
    self.means = means
    self.variances = variances
    self.count = count
  }

  /// The moments of a matrix's rows.
  init(of input: MatrixView, _ pass: ForwardPass) {
    self.init(of: input, pass) { ck_sum(input.row($0) + $1.lowerBound, $1.count) }
  }

  /// The moments of a matrix's rows.
  /// - Parameter rowSum: gives the sum of a channel over a unit's columns. It is called once for each channel and unit,
  ///   on any thread, before these columns are read, and may write them.
  init(
    of input: MatrixView, _ pass: ForwardPass, sum rowSum: @Sendable (_ channel: Int, _ columns: Range<Int>) -> Double
  ) {
    // The sums, sums of squares and number of columns of each unit. Squared deviations are taken around the unit's own
    // mean in single precision and moved to zero in double precision, where nothing cancels.
    let channels = input.rows
    let width = 2 * channels + 1
    let units = pass.units.ranges(of: input.columns)
    let values = [Double](filling: units.count * width) { values in
      for (unit, columns) in units.enumerated() { values[unit * width + 2 * channels] = Double(columns.count) }
      inParallel(channels) { channel in
        for (unit, columns) in units.enumerated() {
          let own = Double(columns.count)
          let sum = rowSum(channel, columns)
          let mean = Double(Float(sum / own))
          let squares = ck_squared_deviations(input.row(channel) + columns.lowerBound, columns.count, Float(mean))
          values[unit * width + channel] = sum
          values[unit * width + channels + channel] = squares + 2 * mean * sum - own * mean * mean
        }
      }
    }
    let sums = pass.total(values, width: width)
    let count = sums[2 * channels]
    let means = (0..<channels).map { sums[$0] / count }
    let variances = (0..<channels).map { max(0, sums[channels + $0] / count - means[$0] * means[$0]) }
    self.init(means: means, variances: variances, count: count)
  }

  /// Appends the moments of further channels of the same batch.
  mutating func append(_ other: BatchMoments) {
    precondition(other.count == count, "channels of one batch have as many elements")
    means += other.means
    variances += other.variances
  }

  /// The moments of some of the channels.
  subscript(channels: Range<Int>) -> BatchMoments {
    BatchMoments(means: Array(means[channels]), variances: Array(variances[channels]), count: count)
  }

  /// The moments of the channels with a constant added to each.
  func shifted(by constants: [Double]) -> BatchMoments {
    BatchMoments(means: zip(means, constants).map(+), variances: variances, count: count)
  }

  /// The statistics by which all normalisations of the channels go that share their moments.
  var statistics: BatchNormalization.Statistics { statistics(epsilon: BatchNormalization.epsilon) }

  /// The statistics by which a normalisation goes that adds `epsilon` to variances.
  func statistics(epsilon: Double) -> BatchNormalization.Statistics {
    BatchNormalization.Statistics(
      means: means, inverseDeviations: variances.map { 1 / ($0 + epsilon).squareRoot() }, count: count)
  }

  /// Adds to a gradient, in place, what the means and variances pass on.
  /// - Parameters:
  ///   - gradient: the gradient of the input while means and variances are held fixed, summed over all normalisations
  ///     that share them, channels × (objectives · columns).
  ///   - input: the values that were normalised, channels × columns.
  func passOn(_ gradient: MatrixView, input: MatrixView, _ pass: BackwardPass) {
    let statistics = statistics
    let centres = statistics.centres
    let channels = input.rows
    let rows = channels * pass.objectives
    let units = pass.units.ranges(of: input.columns)
    let values = [Double](filling: 2 * rows * units.count) { values in
      inParallel(rows) { row in
        let (objective, channel) = row.quotientAndRemainder(dividingBy: channels)
        for (unit, columns) in units.enumerated() {
          let sums = values.pointer + 2 * (unit * rows + row)
          ck_normalization_sums(
            gradient.row(channel) + objective * input.columns + columns.lowerBound,
            input.row(channel) + columns.lowerBound, columns.count, centres[channel], sums, sums + 1)
        }
      }
    }
    let sums = pass.total(statistics.standardised(values), width: 2 * rows)
    let coefficients = statistics.rowCoefficients(sums, objectives: pass.objectives) { _ in 1 }
    for objective in 0..<pass.objectives {
      inParallel(channels) { channel in
        let row = coefficients[objective][channel]
        ck_normalization_backward(
          gradient.row(channel) + objective * input.columns, input.row(channel), input.columns, row.a, row.b, row.c)
      }
    }
  }
}
