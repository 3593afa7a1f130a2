import Foundation

/// The contrastive loss row by row: an anchor's terms, a pair's share of the gradient, and the gradient of attention.
struct ContrastiveRows {
  struct Terms {
    /// The anchor's share of the loss.
    let loss: Double
    let logDenominator: Double
    /// The sum of A_in over the anchor's negatives.
    let attentionSum: Double
  }

  private let settings: SupervisedContrastiveLoss
  private let batch: SupervisedContrastiveLoss.Batch
  private let warmth: Double
  private let positives: [Int]
  private let negatives: [Int]
  /// The number of anchors that have a positive.
  let anchors: Int

  init(loss: SupervisedContrastiveLoss, batch: SupervisedContrastiveLoss.Batch, warmth: Double) {
    settings = loss
    self.batch = batch
    self.warmth = warmth
    var rowsOfSpeaker: [Int: Int] = [:]
    for speaker in batch.speakers { rowsOfSpeaker[speaker, default: 0] += 1 }
    positives = batch.speakers.map { rowsOfSpeaker[$0, default: 1] - 1 }
    negatives = positives.map { batch.speakers.count - 1 - $0 }
    anchors = positives.count { $0 > 0 }
  }

  /// The attention A_ij of a pair, which is that of its less certain row.
  private func pairAttention(_ row: Int, _ other: Int) -> Double {
    min(batch.attention[row], batch.attention[other])
  }

  /// The factor of a pair's logit, which attention decides in mode `logit`.
  private func multiplier(_ attention: Double) -> Double {
    settings.attention.mode == .logit ? 1 + warmth * (attention - 1) : 1
  }

  /// The factor w_in of a negative's exponential, which attention decides in mode `weight`.
  private func weight(_ attention: Double, anchor: Int, attentionSum: Double) -> Double {
    guard settings.attention.mode == .weight else { return 1 }
    let full = settings.attention.normalize ? Double(negatives[anchor]) * attention / attentionSum : attention
    return 1 + warmth * (full - 1)
  }

  /// The exponent of a positive's term in the denominator, before the multiplier, and its derivative by the cosine.
  private func positiveInDenominator(_ cosine: Double) -> (value: Double, slope: Double) {
    switch settings.denominator {
    case .margined: (settings.margin.apply(cosine), settings.margin.derivative(cosine))
    case .plain: (cosine, 1)
    }
  }

  private func isPositive(_ row: Int, _ other: Int) -> Bool { batch.speakers[row] == batch.speakers[other] }

  /// The terms of an anchor.
  /// - Parameter cosines: the cosines of the anchor with all rows.
  func terms(anchor: Int, cosines: UnsafePointer<Float>) -> Terms {
    guard positives[anchor] > 0 else { return Terms(loss: 0, logDenominator: 0, attentionSum: 0) }
    let others = batch.speakers.indices.filter { $0 != anchor }
    let attentionSum = others.reduce(0.0) {
      isPositive(anchor, $1) ? $0 : $0 + pairAttention(anchor, $1)
    }
    var exponents: [Double] = []
    var weights: [Double] = []
    var numerator = 0.0
    for other in others {
      let cosine = Double(cosines[other])
      let attention = pairAttention(anchor, other)
      let scale = multiplier(attention) / settings.temperature
      if isPositive(anchor, other) {
        numerator += scale * settings.margin.apply(cosine)
        exponents.append(scale * positiveInDenominator(cosine).value)
        weights.append(1)
      } else {
        exponents.append(scale * cosine)
        weights.append(weight(attention, anchor: anchor, attentionSum: attentionSum))
      }
    }
    let highest = exponents.max() ?? 0
    let sum = zip(exponents, weights).reduce(0.0) { $0 + $1.1 * exp($1.0 - highest) }
    let logDenominator = highest + log(sum)
    let loss = (logDenominator - numerator / Double(positives[anchor])) / Double(anchors)
    return Terms(loss: loss, logDenominator: logDenominator, attentionSum: attentionSum)
  }

  /// The derivative G_ij + G_ji of the loss by the pair's cosine, with either row as the anchor.
  /// - Parameter shared: log D and the attention sum of every row, interleaved.
  func slope(_ row: Int, _ other: Int, cosine: Double, shared: [Double]) -> Double {
    if row == other { return 0 }
    return slope(anchor: row, other, cosine: cosine, shared: shared)
      + slope(anchor: other, row, cosine: cosine, shared: shared)
  }

  private func slope(anchor: Int, _ other: Int, cosine: Double, shared: [Double]) -> Double {
    guard positives[anchor] > 0 else { return 0 }
    let attention = pairAttention(anchor, other)
    let scale = multiplier(attention) / settings.temperature
    let logDenominator = shared[2 * anchor]
    let slope: Double
    if isPositive(anchor, other) {
      let (value, derivative) = positiveInDenominator(cosine)
      let share = exp(scale * value - logDenominator)
      slope = share * scale * derivative - scale * settings.margin.derivative(cosine) / Double(positives[anchor])
    } else {
      let own = weight(attention, anchor: anchor, attentionSum: shared[2 * anchor + 1])
      slope = own * exp(scale * cosine - logDenominator) * scale
    }
    return slope / Double(anchors)
  }

  /// Turns the cosines of anchors with all rows into the loss's derivatives by them.
  /// - Parameter first: the first of the anchors, counted from this rank's first.
  func turnIntoSlopes(_ cosines: Matrix, from first: Int, shared: [Double]) {
    for index in 0..<cosines.rows {
      let anchor = batch.own.lowerBound + first + index
      for other in batch.speakers.indices {
        cosines[index, other] = Float(slope(anchor, other, cosine: Double(cosines[index, other]), shared: shared))
      }
    }
  }

  /// The part of ∂L/∂a of all rows that comes from some of this rank's anchors.
  /// - Parameters:
  ///   - own: the anchors, counted from this rank's first.
  ///   - cosines: the cosines of anchors with all rows, of which the first is `first`.
  func attentionGradient(
    anchors own: Range<Int>, cosines: Matrix, from first: Int, shared: [Double]
  ) -> [Double] {
    var gradient = [Double](repeating: 0, count: batch.speakers.count)
    for index in own where positives[batch.own.lowerBound + index] > 0 {
      let anchor = batch.own.lowerBound + index
      let slopes = pairAttentionSlopes(anchor: anchor, cosines: cosines.row(index - first), shared: shared)
      for (other, slope) in slopes.enumerated() where other != anchor {
        // The minimum's gradient goes to the smaller a, and in halves to equal ones.
        let share = slope * warmth / Double(anchors)
        let own = batch.attention[anchor]
        let theirs = batch.attention[other]
        if own <= theirs { gradient[anchor] += own == theirs ? share / 2 : share }
        if theirs <= own { gradient[other] += own == theirs ? share / 2 : share }
      }
    }
    return gradient
  }

  /// The derivative of an anchor's loss by A_ij at full warmth, for every j.
  private func pairAttentionSlopes(anchor: Int, cosines: UnsafePointer<Float>, shared: [Double]) -> [Double] {
    let logDenominator = shared[2 * anchor]
    let temperature = settings.temperature
    if settings.attention.mode == .logit {
      return batch.speakers.indices.map { other in
        if other == anchor { return 0 }
        let cosine = Double(cosines[other])
        let scale = multiplier(pairAttention(anchor, other)) / temperature
        guard isPositive(anchor, other) else {
          return exp(scale * cosine - logDenominator) * cosine / temperature
        }
        let value = positiveInDenominator(cosine).value
        return exp(scale * value - logDenominator) * value / temperature
          - settings.margin.apply(cosine) / (temperature * Double(positives[anchor]))
      }
    }
    // The negatives' exponentials over D and, for normalised weights, their attention-weighted mean, which every A
    // changes.
    let shares = batch.speakers.indices.map { other in
      isPositive(anchor, other) ? 0 : exp(Double(cosines[other]) / temperature - logDenominator)
    }
    guard settings.attention.normalize else { return shares }
    let sum = shared[2 * anchor + 1]
    let mean = batch.speakers.indices.reduce(0.0) { $0 + shares[$1] * pairAttention(anchor, $1) / sum }
    return batch.speakers.indices.map { other in
      isPositive(anchor, other) ? 0 : Double(negatives[anchor]) / sum * (shares[other] - mean)
    }
  }
}
