internal import CKernels

/// Batch normalisation of channels over utterances and frames (Ioffe and Szegedy 2015). Its statistics are over all
/// ranks or over this one alone, as the pass's `combine` decides.
public struct BatchNormalization: Layer {
  /// The values that the forward pass keeps for the backward pass.
  public struct Cache: Sendable {
    /// The input, channels × columns.
    let input: MatrixView
    let statistics: Statistics
  }

  package let channels: Int
  public var inputs: Int { channels }
  public var outputs: Int { channels }
  /// Weight and bias; nil where the normalisation has none, which is a weight of 1 and a bias of 0.
  let affine: (weight: Parameter, bias: Parameter)?
  let runningMean: Parameter
  let runningVariance: Parameter
  /// The number that is added to variances; PyTorch's default.
  static let epsilon = 1e-5
  private let epsilon: Double

  /// - Parameters:
  ///   - name: the scope of `weight`, `bias`, `running_mean` and `running_var`, all [channels].
  ///   - affine: whether there are weight and bias (PyTorch's `affine`).
  ///   - epsilon: the number that is added to variances.
  public init(
    _ name: String, channels: Int, affine: Bool = true, epsilon: Double = 1e-5, layout: inout EncoderLayout
  ) {
    self.channels = channels
    self.epsilon = epsilon
    self.affine = layout.scope(name) {
      guard affine else { return nil }
      return (
        $0.parameter("weight", shape: [channels], initialisation: .constant(1), decays: false),
        $0.parameter("bias", shape: [channels], initialisation: .constant(0), decays: false)
      )
    }
    (runningMean, runningVariance) = layout.scope(name) {
      (
        $0.statistic("running_mean", shape: [channels], initialisation: .constant(0)),
        $0.statistic("running_var", shape: [channels], initialisation: .constant(1))
      )
    }
  }

  public func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let input = input.plain
    let (normalized, statistics) = view(input, pass)
    normalized.write(to: memory)
    return (AffineView(memory), Cache(input: input, statistics: statistics))
  }

  /// The normalised input, as a view of it.
  /// - Parameters:
  ///   - input: the input, channels × columns.
  ///   - complete: is called once for each channel and range of columns, on any thread, before these are read. It may
  ///     write them and returns their sum.
  func view(
    _ input: MatrixView, _ pass: ForwardPass,
    completing complete: (@Sendable (_ channel: Int, _ columns: Range<Int>) -> Double)? = nil
  ) -> (AffineView, Statistics) {
    guard takesBatchStatistics(pass) else {
      if let complete { inParallel(channels) { _ = complete($0, 0..<input.columns) } }
      return view(input, nil, pass)
    }
    let sum = complete ?? { ck_sum(input.row($0) + $1.lowerBound, $1.count) }
    return view(input, BatchMoments(of: input, pass, sum: sum), pass)
  }

  /// The normalised input, as a view of it.
  /// - Parameters:
  ///   - input: the input, channels × columns.
  ///   - moments: the batch's moments of the input, which other normalisations of it may share; nil normalises by the
  ///     running statistics, as a frozen normalisation does in any case.
  func view(_ input: MatrixView, _ moments: BatchMoments?, _ pass: ForwardPass) -> (AffineView, Statistics) {
    let moments = takesBatchStatistics(pass) ? moments : nil
    if let moments { updateRunning(moments, pass) }
    return view(input, moments?.statistics(epsilon: epsilon) ?? runningStatistics(pass), pass)
  }

  /// The normalised sum of the input and a constant of each channel, as a view of the input. The sum is not stored.
  /// - Parameters:
  ///   - input: the input, channels × columns.
  ///   - constants: the constant of each channel.
  /// - Returns: the view, and the statistics of the input itself.
  func view(
    _ input: MatrixView, shiftedBy constants: [Float], _ pass: ForwardPass
  ) -> (AffineView, Statistics) {
    let constants = constants.map { Double($0) }
    guard takesBatchStatistics(pass) else {
      let running = runningStatistics(pass)
      let means = zip(running.means, constants).map { $0 - $1 }
      let own = Statistics(means: means, inverseDeviations: running.inverseDeviations, count: running.count)
      return view(input, own, pass)
    }
    let moments = BatchMoments(of: input, pass)
    updateRunning(moments.shifted(by: constants), pass)
    return view(input, moments.statistics(epsilon: epsilon), pass)
  }

  /// Whether the input is normalised by the batch's statistics.
  func takesBatchStatistics(_ pass: ForwardPass) -> Bool { pass.takesBatchStatistics(runningMean) }

  private func view(
    _ input: MatrixView, _ statistics: Statistics, _ pass: ForwardPass
  ) -> (AffineView, Statistics) {
    let own = affine.map { (weight: pass.vector($0.weight), bias: pass.vector($0.bias)) }
    let scales = (0..<channels).map { Double(own?.weight[$0] ?? 1) * statistics.inverseDeviations[$0] }
    let shifts = (0..<channels).map { Double(own?.bias[$0] ?? 0) - statistics.means[$0] * scales[$0] }
    return (AffineView(input, scales: scales.map(Float.init), shifts: shifts.map(Float.init)), statistics)
  }

  private func runningStatistics(_ pass: ForwardPass) -> Statistics {
    let means = (0..<channels).map { Double(pass.statistics.pointer[runningMean.offset + $0]) }
    let inverseDeviations = (0..<channels).map {
      1 / (Double(pass.statistics.pointer[runningVariance.offset + $0]) + epsilon).squareRoot()
    }
    return Statistics(means: means, inverseDeviations: inverseDeviations, count: .infinity)
  }

  private func updateRunning(_ moments: BatchMoments, _ pass: ForwardPass) {
    // As in PyTorch, the running variance is the unbiased one.
    let unbiased = moments.count / max(moments.count - 1, 1)
    let momentum = pass.momentum
    for channel in 0..<channels {
      let mean = pass.statistics.pointer + runningMean.offset + channel
      let variance = pass.statistics.pointer + runningVariance.offset + channel
      mean.pointee = Float((1 - momentum) * Double(mean.pointee) + momentum * moments.means[channel])
      variance.pointee = Float(
        (1 - momentum) * Double(variance.pointee) + momentum * moments.variances[channel] * unbiased)
    }
  }

  /// Adds the gradients of weight and bias and returns, by objective and channel, the coefficients of dx.
  /// - Parameter own: Σ dy and Σ dy·(x − m) for each unit, objective and channel, where m is the channel's centre.
  func backwardCoefficients(
    _ own: [Double], _ statistics: Statistics, _ pass: BackwardPass
  ) -> [[RowCoefficients]] {
    let values = statistics.standardised(own)
    addGradients(values, pass)
    let sums = pass.total(values, width: 2 * channels * pass.objectives)
    let scales = affine.map { pass.vector($0.weight) }
    return statistics.rowCoefficients(sums, objectives: pass.objectives) {
      Double(scales?[$0] ?? 1) * statistics.inverseDeviations[$0]
    }
  }

  /// Adds the gradients of weight and bias.
  /// - Parameter values: Σ dy and Σ dy·x̂ for each unit, objective and channel.
  func addGradients(_ values: [Double], _ pass: BackwardPass) {
    guard let affine else { return }
    let width = 2 * channels * pass.objectives
    for objective in 0..<pass.objectives {
      let first = 2 * channels * objective
      pass.add(affine.weight, objective: objective) { Float(values[$0 * width + first + 2 * $1 + 1]) }
      pass.add(affine.bias, objective: objective) { Float(values[$0 * width + first + 2 * $1]) }
    }
  }

  /// Adds the gradients of weight and bias and returns, by objective and channel, the coefficients of dx.
  /// - Parameters:
  ///   - gradient: the gradient of the output, channels × (objectives · columns).
  ///   - input: the values that were normalised, channels × columns.
  func backwardCoefficients(
    _ gradient: MatrixView, input: MatrixView, _ statistics: Statistics, _ pass: BackwardPass
  ) -> [[RowCoefficients]] {
    let centres = statistics.centres
    return backwardCoefficients(input, statistics, pass) { channel, gradientColumn, columns, sums in
      ck_normalization_sums(
        gradient.row(channel) + gradientColumn, input.row(channel) + columns.lowerBound, columns.count,
        centres[channel], sums, sums + 1)
    }
  }

  /// Adds the gradients of weight and bias and returns, by objective and channel, the coefficients of dx.
  /// - Parameters:
  ///   - input: the values that were normalised, channels × columns.
  ///   - write: writes Σ dy and Σ dy·(x − m) over some columns of a channel, where m is the channel's centre. It is
  ///     called once for each objective, channel and unit, on any thread, with the first of the columns in the
  ///     gradient.
  func backwardCoefficients(
    _ input: MatrixView, _ statistics: Statistics, _ pass: BackwardPass,
    sums write:
      @Sendable (
        _ channel: Int, _ gradientColumn: Int, _ columns: Range<Int>, _ sums: UnsafeMutablePointer<Double>
      ) -> Void
  ) -> [[RowCoefficients]] {
    let rows = channels * pass.objectives
    let units = pass.units.ranges(of: input.columns)
    let values = [Double](filling: 2 * rows * units.count) { values in
      inParallel(rows) { row in
        let (objective, channel) = row.quotientAndRemainder(dividingBy: channels)
        for (unit, columns) in units.enumerated() {
          write(
            channel, objective * input.columns + columns.lowerBound, columns,
            values.pointer + 2 * (unit * rows + row))
        }
      }
    }
    return backwardCoefficients(values, statistics, pass)
  }

  /// Adds the gradients of weight and bias and writes that of the input, which may use the memory of `gradient`.
  public func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let input = cache.input
    let coefficients = backwardCoefficients(gradient, input: input, cache.statistics, pass)
    guard let inputGradient else { return }
    for objective in 0..<pass.objectives {
      inParallel(channels) { channel in
        let row = coefficients[objective][channel]
        let own = inputGradient.row(channel) + objective * input.columns
        if inputGradient.pointer != gradient.pointer {
          own.update(from: gradient.row(channel) + objective * input.columns, count: input.columns)
        }
        ck_normalization_backward(own, input.row(channel), input.columns, row.a, row.b, row.c)
      }
    }
  }
}

extension BatchNormalization: GraphLayer {
  /// Adds the normalisation by the running statistics.
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let weight = affine.map { graph.trained($0.weight) } ?? graph.numbers(1, count: channels)
    let bias = affine.map { graph.trained($0.bias) } ?? graph.numbers(0, count: channels)
    return graph.add(
      "BatchNormalization", input, weight, bias, graph.running(runningMean), graph.running(runningVariance),
      attributes: ["epsilon": .real(Float(epsilon))])
  }
}
