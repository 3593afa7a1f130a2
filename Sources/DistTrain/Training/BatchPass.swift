/// The passes of a rank through the encoder on its rows of a micro-batch, and the sums over all ranks that they need.
struct BatchPass {
  /// The parameters, of which the encoder's come first.
  let parameters: Matrix
  /// The rows.
  let rows: MicroBatch
  /// Whether batch statistics are taken over all ranks.
  let sharesStatistics: Bool
  let precision: Precision
  /// What the step leaves as it is.
  let frozen: GroupedParameters.Frozen
  let communicator: any Communicator
  let clock: StepClock

  private var units: BatchUnits { rows.units }

  init(
    _ parameters: Matrix, _ rows: MicroBatch, _ plan: TrainingPlan, frozen: GroupedParameters.Frozen,
    communicator: any Communicator, clock: StepClock
  ) {
    (self.parameters, self.rows, self.frozen) = (parameters, rows, frozen)
    (sharesStatistics, precision) = (plan.sharesBatchStatistics, plan.precision)
    (self.communicator, self.clock) = (communicator, clock)
  }

  /// The forward pass.
  /// - Parameters:
  ///   - statistics: the running statistics, which the batch's own update.
  ///   - momentum: the share of the batch's own statistics in these.
  ///   - keepsCaches: whether a way back follows.
  func forward(
    _ statistics: Matrix, momentum: Double = ForwardPass.usualMomentum, keepsCaches: Bool = true
  ) -> ForwardPass {
    ForwardPass(
      mode: .training, parameters: parameters, statistics: statistics, units: units, combine: statisticsSum(),
      momentum: momentum, precision: precision, keepsCaches: keepsCaches, frozen: frozen.statistics)
  }

  /// The backward pass.
  /// - Parameters:
  ///   - gradients: a flat buffer for each gradient that travels and each of the units' nodes.
  ///   - buckets: sums the gradients that become final on the way.
  func backward(_ gradients: [[Matrix]], _ buckets: GradientBuckets) -> BackwardPass {
    BackwardPass(
      parameters: parameters, gradients: gradients, units: units, combine: statisticsSum(lookingAt: buckets),
      finished: { [clock] offset in clock.within(.communicate) { buckets.finished(from: offset) } },
      precision: precision)
  }

  /// The sum of batch statistics over all ranks' units; nil if ranks keep their own. Every normalisation calls it,
  /// often enough to move the buckets' sums on, and its own sum moves them on too.
  private func statisticsSum(lookingAt buckets: GradientBuckets? = nil) -> BatchSum? {
    guard sharesStatistics else { return nil }
    return { values, width in
      clock.within(.communicate) {
        buckets?.look()
        defer { buckets?.look() }
        return total(values, width: width)
      }
    }
  }

  /// Sums over all ranks' units.
  /// - Parameter values: `width` numbers of each of this rank's units, unit after unit.
  func total(_ values: [Double], width: Int) -> [Double] {
    communicator.total(values, width: width, units: units, of: rows.shares)
  }
}
