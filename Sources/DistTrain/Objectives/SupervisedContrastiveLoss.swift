import Foundation

/// Supervised contrastive loss (Khosla et al. 2020) over the global batch with a margin on positives and class-aware
/// attention (Li, Mak and Meng 2023):
/// L = mean over anchors i with positives of −(1/|P(i)|) Σ_{p∈P(i)} [ψ(θ_ip)/τ − log D_i].
///
/// A rank evaluates its own anchors against all rows. Cosines are symmetric, so the half of the gradient in which a row
/// belongs to another row's pair follows from the anchors' shared terms. The result is that of one rank that holds the
/// batch.
package struct SupervisedContrastiveLoss: Sendable {
  package enum Denominator: String, Sendable, Codable, CaseIterable {
    /// The denominator D_i = Σ_{p∈P} e^{ψ(θ_ip)/τ} + Σ_{n∈N} w_in e^{cos θ_in/τ}, which makes one softmax.
    case margined
    /// The denominator D_i = Σ_{a∈A} w_ia e^{cos θ_ia/τ} with w_ip = 1, for a margin in the numerator only.
    case plain
  }

  /// The global batch as a rank sees it.
  package struct Batch {
    /// The embeddings of all ranks' rows at length one, M × dimensions.
    package let embeddings: Matrix
    /// This rank's rows.
    package let own: Range<Int>
    /// The speaker y of each row.
    package let speakers: [Int]
    /// The attention a of each row.
    package let attention: [Double]
    /// The units into which this rank's rows are cut for sums over the batch.
    package let units: BatchUnits

    package init(
      embeddings: Matrix, own: Range<Int>, speakers: [Int], attention: [Double], units: BatchUnits = .whole
    ) {
      self.units = units
      self.embeddings = embeddings
      self.own = own
      self.speakers = speakers
      self.attention = attention
    }
  }

  package struct Result {
    /// The shares of this rank's anchors in the loss, which is the sum of all ranks' shares.
    package let losses: [Double]
    /// The gradient ∂L/∂z of this rank's embeddings of length one, n × dimensions, with a as a constant.
    package let gradient: Matrix
    /// The gradient ∂L/∂a of this rank's rows; nil where attention is off or stops the gradient.
    package let attentionGradient: [Double]?
    /// The number of anchors of the global batch that have a positive. If there are none, the loss and its gradient are
    /// 0.
    package let anchors: Int
  }

  package let name: String
  package let temperature: Double
  package let margin: AngularMargin
  package let denominator: Denominator
  package let attention: ClassAwareAttention

  package init(
    name: String = "contrastive", temperature: Double, margin: AngularMargin, denominator: Denominator,
    attention: ClassAwareAttention
  ) {
    self.name = name
    self.temperature = temperature
    self.margin = margin
    self.denominator = denominator
    self.attention = attention
  }

  /// Computes this rank's shares of the loss and its gradient.
  /// - Parameters:
  ///   - batch: the global batch as this rank sees it.
  ///   - warmth: the progress of attention from 1 for all rows (0) to its own values (1).
  ///   - gather: takes two numbers of each of this rank's rows and gives those of all rows.
  ///   - total: sums numbers over the units of all ranks; nil sums over this rank's alone.
  ///   - most: the number of cosines to have in memory at once, which changes no bit.
  package func evaluate(
    _ batch: Batch, warmth: Double = 1, gather: ([Double]) -> [Double] = { $0 }, total: BatchSum? = nil,
    most: Int = AnchorBlocks.most
  ) -> Result {
    let rows = ContrastiveRows(loss: self, batch: batch, warmth: attention.mode == .off ? 0 : warmth)
    let blocks = AnchorBlocks(batch, most: most)
    let terms = blocks.all.flatMap { block in
      let cosines = blocks.cosines(block)
      return block.rows.map { rows.terms(anchor: batch.own.lowerBound + $0, cosines: cosines.row($0 - block.start)) }
    }
    // Two numbers of each anchor go from the rank that owns it to all: log D_i and the sum of its negatives' attention.
    let shared = gather(terms.flatMap { [$0.logDenominator, $0.attentionSum] })
    let (gradient, attentionShares) = gradients(rows, blocks, batch, shared)
    let width = batch.speakers.count
    let attentionGradient = attentionShares.map {
      let all = total?($0, width) ?? batch.units.total($0, width: width)
      return Array(all[batch.own])
    }
    return Result(
      losses: terms.map(\.loss), gradient: gradient, attentionGradient: attentionGradient, anchors: rows.anchors)
  }

  /// Computes the gradient of this rank's embeddings, and the units' shares in that of the attention of all rows; nil
  /// where the loss does not send it back.
  private func gradients(
    _ rows: ContrastiveRows, _ blocks: AnchorBlocks, _ batch: Batch, _ shared: [Double]
  ) -> (embeddings: Matrix, attention: [Double]?) {
    let gradient = Matrix(rows: batch.own.count, columns: batch.embeddings.columns)
    var attentionShares: [Double]? = attention.mode != .off && !attention.stopGradient ? [] : nil
    for block in blocks.all {
      let cosines = blocks.cosines(block)
      attentionShares? += block.units.flatMap {
        rows.attentionGradient(anchors: $0, cosines: cosines, from: block.start, shared: shared)
      }
      rows.turnIntoSlopes(cosines, from: block.start, shared: shared)
      multiply(cosines.view, batch.embeddings.view, into: gradient.rows(block.rows))
    }
    return (gradient, attentionShares)
  }
}

extension SupervisedContrastiveLoss: Objective {
  package var absence: String { "no row has a positive" }

  /// Computes the loss with the certainty of the batch's classifier as attention, or with the same attention for all
  /// rows if there is no classifier.
  package func evaluate(_ batch: ObjectiveBatch) -> ObjectiveValue {
    func certainty() -> [Double] {
      batch.gather(batch.classification?.certainty(attention) ?? batch.own.map { _ in 1 })
    }
    let pairs = evaluate(
      Batch(
        embeddings: batch.embeddings, own: batch.own, speakers: batch.speakers,
        attention: attention.stopGradient ? batch.constants(of: name, certainty) : certainty(), units: batch.units),
      warmth: batch.moment.warmth, gather: { batch.gather($0, each: 2) }, total: batch.total)
    if let attentionGradient = pairs.attentionGradient {
      batch.classification?.addCertainty(attentionGradient, attention, to: pairs.gradient)
    }
    return ObjectiveValue(losses: pairs.losses, gradient: pairs.gradient, terms: pairs.anchors)
  }
}
