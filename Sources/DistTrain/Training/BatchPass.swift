/// How a rank computes on its rows of a batch: the passes through the encoder, whose sums over the batch are the ranks'.
struct BatchPass {
  /// The encoder's parameters come first.
  let parameters: Matrix
  /// Rows of this rank.
  let utterances: Int
  let units: BatchUnits
  let shares: TermShares
  /// Whether batch statistics are taken over all ranks.
  let sharesStatistics: Bool
  let precision: Precision
  let communicator: any Communicator
  let clock: StepClock

  /// - Parameter statistics: running statistics, which the batch's own move.
  func forward(_ statistics: Matrix) -> ForwardPass {
    ForwardPass(
      mode: .training, parameters: parameters, statistics: statistics, units: units, combine: statisticsSum(),
      precision: precision)
  }

  /// - Parameters:
  ///   - gradients: for each gradient that travels and each of the units' nodes a flat buffer.
  ///   - buckets: sum what becomes final on the way.
  func backward(_ gradients: [[Matrix]], _ buckets: GradientBuckets) -> BackwardPass {
    BackwardPass(
      parameters: parameters, gradients: gradients, units: units, combine: statisticsSum(lookingAt: buckets),
      finished: { [clock] offset in clock.within(.communicate) { buckets.finished(from: offset) } },
      precision: precision)
  }

  /// Sums batch statistics over all ranks' units; nil where ranks keep their own. Every normalisation comes by here, often
  /// enough to move the buckets' sums on; its own sum moves them too.
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

  /// Sums over all ranks' units, from the units' numbers, `width` each.
  func total(_ values: [Double], width: Int) -> [Double] {
    communicator.total(values, width: width, units: units, of: shares)
  }
}
