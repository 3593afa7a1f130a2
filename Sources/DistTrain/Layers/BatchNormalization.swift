internal import CKernels

/// Batch normalisation of channels over utterances and frames (Ioffe and Szegedy 2015), with statistics over all ranks
/// or this one, as the pass's `combine` has it.
package struct BatchNormalization: Sendable {
  /// What backward needs: the statistics by which a batch was normalised.
  package struct Cache {
    /// By channel, double so that ranks agree to the last bit of a float.
    let means: [Double]
    let inverseDeviations: [Double]
    /// Elements of a channel that the statistics were taken over, on all ranks; infinite for running statistics, which
    /// no element moves.
    let count: Double
  }

  package let channels: Int
  let weight: Parameter
  let bias: Parameter
  let runningMean: Parameter
  let runningVariance: Parameter
  private let epsilon = 1e-5
  private let momentum = 0.1

  /// - Parameter name: the scope of `weight`, `bias`, `running_mean` and `running_var`, all [channels].
  package init(_ name: String, channels: Int, layout: inout EncoderLayout) {
    self.channels = channels
    weight = layout.parameters.add("\(name).weight", shape: [channels], initialisation: .constant(1), decays: false)
    bias = layout.parameters.add("\(name).bias", shape: [channels], initialisation: .constant(0), decays: false)
    runningMean = layout.statistics.add(
      "\(name).running_mean", shape: [channels], initialisation: .constant(0), decays: false)
    runningVariance = layout.statistics.add(
      "\(name).running_var", shape: [channels], initialisation: .constant(1), decays: false)
  }

  /// - Parameters:
  ///   - input: channels × columns.
  ///   - output: the same shape; may be the input.
  package func forward(_ input: MatrixView, into output: MatrixView, _ pass: ForwardPass) -> Cache {
    let cache = pass.mode == .training ? batchStatistics(input, pass) : runningStatistics(pass)
    let scales = pass.vector(weight)
    let shifts = pass.vector(bias)
    inParallel(channels) { channel in
      let scale = Double(scales[channel]) * cache.inverseDeviations[channel]
      let shift = Double(shifts[channel]) - cache.means[channel] * scale
      ck_affine(input.row(channel), output.row(channel), input.columns, Float(scale), Float(shift))
    }
    return cache
  }

  private func runningStatistics(_ pass: ForwardPass) -> Cache {
    let means = (0..<channels).map { Double(pass.statistics[runningMean.offset + $0]) }
    let inverseDeviations = (0..<channels).map {
      1 / (Double(pass.statistics[runningVariance.offset + $0]) + epsilon).squareRoot()
    }
    return Cache(means: means, inverseDeviations: inverseDeviations, count: .infinity)
  }

  private func batchStatistics(_ input: MatrixView, _ pass: ForwardPass) -> Cache {
    // Sums, sums of squares, count. A row's deviations are taken around its own mean, in floats, and moved to zero in
    // doubles, where nothing cancels.
    let own = Double(input.columns)
    var sums = numbers(2 * channels + 1) { sums in
      inParallel(input.columns > 0 ? channels : 0) { channel in
        let sum = ck_sum(input.row(channel), input.columns)
        let mean = Double(Float(sum / own))
        let squares = ck_squared_deviations(input.row(channel), input.columns, Float(mean))
        sums[channel] = sum
        sums[channels + channel] = squares + 2 * mean * sum - own * mean * mean
      }
      sums[2 * channels] = own
    }
    pass.combine(&sums)
    let count = sums[2 * channels]
    let means = (0..<channels).map { sums[$0] / count }
    let variances = (0..<channels).map { max(0, sums[channels + $0] / count - means[$0] * means[$0]) }
    updateRunning(means: means, variances: variances, count: count, pass)
    return Cache(
      means: means, inverseDeviations: variances.map { 1 / ($0 + epsilon).squareRoot() }, count: count)
  }

  private func updateRunning(means: [Double], variances: [Double], count: Double, _ pass: ForwardPass) {
    // As PyTorch: the running variance is the unbiased one.
    let unbiased = count / max(count - 1, 1)
    for channel in 0..<channels {
      let mean = pass.statistics + runningMean.offset + channel
      let variance = pass.statistics + runningVariance.offset + channel
      mean.pointee = Float((1 - momentum) * Double(mean.pointee) + momentum * means[channel])
      variance.pointee = Float((1 - momentum) * Double(variance.pointee) + momentum * variances[channel] * unbiased)
    }
  }

  /// The gradient's coefficients for a row: dx = a · dy + b · x + c.
  struct RowCoefficients {
    let a: Float
    let b: Float
    let c: Float
  }

  /// Adds weight and bias gradients and returns, by objective and channel, how dx follows from dy and x.
  /// - Parameters:
  ///   - gradient: channels × (objectives · columns).
  ///   - input: what `forward` read, channels × columns.
  func backwardCoefficients(
    _ gradient: MatrixView, input: MatrixView, cache: Cache, _ pass: BackwardPass
  ) -> [[RowCoefficients]] {
    let columns = input.columns
    var sums = numbers(2 * channels * pass.objectives) { sums in
      inParallel(pass.objectives * channels) { row in
        let (objective, channel) = row.quotientAndRemainder(dividingBy: channels)
        let centre = Float(cache.means[channel])
        var sum = 0.0
        var weighted = 0.0
        ck_normalization_sums(
          gradient.row(channel) + objective * columns, input.row(channel), columns, centre, &sum, &weighted)
        weighted += (Double(centre) - cache.means[channel]) * sum
        weighted *= cache.inverseDeviations[channel]
        sums[2 * row] = sum
        sums[2 * row + 1] = weighted
        pass.gradients[objective][weight.offset + channel] += Float(weighted)
        pass.gradients[objective][bias.offset + channel] += Float(sum)
      }
    }
    pass.combine(&sums)
    let scales = pass.vector(weight)
    return (0..<pass.objectives).map { objective in
      (0..<channels).map { channel in
        let at = 2 * (objective * channels + channel)
        let a = Double(scales[channel]) * cache.inverseDeviations[channel]
        let b = -a * cache.inverseDeviations[channel] * sums[at + 1] / cache.count
        let c = -a * sums[at] / cache.count - b * cache.means[channel]
        return RowCoefficients(a: Float(a), b: Float(b), c: Float(c))
      }
    }
  }

  /// The gradient through the normalisation, in place.
  package func backward(_ gradient: MatrixView, input: MatrixView, cache: Cache, _ pass: BackwardPass) {
    let coefficients = backwardCoefficients(gradient, input: input, cache: cache, pass)
    for objective in 0..<pass.objectives {
      inParallel(channels) { channel in
        let row = coefficients[objective][channel]
        ck_normalization_backward(
          gradient.row(channel) + objective * input.columns, input.row(channel), input.columns, row.a, row.b, row.c)
      }
    }
  }

  /// The gradient through the normalisation and the ReLU before it, in place.
  /// - Parameter rectified: the ReLU's output, which `forward` read.
  /// - Returns: the gradient's sum over columns, by objective and channel.
  func backwardThroughReLU(
    _ gradient: MatrixView, rectified: MatrixView, cache: Cache, _ pass: BackwardPass
  ) -> [[Double]] {
    let coefficients = backwardCoefficients(gradient, input: rectified, cache: cache, pass)
    return coefficients.enumerated().map { objective, rows in
      numbers(channels) { sums in
        inParallel(channels) { channel in
          let row = rows[channel]
          sums[channel] = ck_normalization_relu_backward(
            gradient.row(channel) + objective * rectified.columns, rectified.row(channel), rectified.columns, row.a,
            row.b, row.c)
        }
      }
    }
  }

  /// Zeros that `fill` writes to, on whatever threads.
  private func numbers(_ count: Int, _ fill: (UnsafeMutablePointer<Double>) -> Void) -> [Double] {
    [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
      buffer.initialize(repeating: 0)
      if let start = buffer.baseAddress { fill(start) }
      initialized = count
    }
  }
}
