import Foundation

/// Supervised contrastive loss (Khosla et al. 2020) over the global batch with a margin on positives and class-aware
/// attention (Li, Mak and Meng 2023):
/// L = mean over anchors i with positives of −(1/|P(i)|) Σ_{p∈P(i)} [ψ(θ_ip)/τ − log D_i].
///
/// A rank evaluates its own anchors against all rows. Cosines are symmetric, so the half of the gradient in which a row
/// is someone else's pair follows from the anchors' shared terms: the result is that of one rank holding the batch.
package struct SupervisedContrastiveLoss: Sendable {
  package enum Denominator: String, Sendable, Codable, CaseIterable {
    /// D_i = Σ_{p∈P} e^{ψ(θ_ip)/τ} + Σ_{n∈N} w_in e^{cos θ_in/τ}: one softmax.
    case margined
    /// D_i = Σ_{a∈A} w_ia e^{cos θ_ia/τ}, w_ip = 1: the margin in the numerator only.
    case plain
  }

  /// The global batch as a rank sees it.
  package struct Batch {
    /// Unit embeddings of all ranks' rows, M × dimensions.
    package let embeddings: Matrix
    /// This rank's rows.
    package let own: Range<Int>
    /// y of all rows.
    package let speakers: [Int]
    /// a of all rows.
    package let attention: [Double]
    /// How this rank's rows are cut for sums over the batch.
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
    /// Shares of the loss of this rank's anchors: all ranks' add up to it.
    package let losses: [Double]
    /// ∂L/∂z of this rank's unit embeddings, with a constant; n × dimensions.
    package let gradient: Matrix
    /// ∂L/∂a of this rank's rows; nil where attention stops the gradient.
    package let attentionGradient: [Double]?
    /// Anchors of the global batch that have a positive; with none the loss is 0 and without gradient.
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

  /// - Parameters:
  ///   - warmth: how far attention has come from 1 (0) to its own weights (1).
  ///   - gather: takes two numbers of each of this rank's rows and gives those of all rows.
  ///   - total: sums numbers over all ranks' units.
  package func evaluate(
    _ batch: Batch, warmth: Double = 1, gather: ([Double]) -> [Double] = { $0 }, total: BatchSum? = nil
  ) -> Result {
    let rows = ContrastiveRows(loss: self, batch: batch, warmth: attention.mode == .off ? 0 : warmth)
    let cosines = Matrix(rows: batch.own.count, columns: batch.speakers.count)
    multiply(batch.embeddings.rows(batch.own), transposed: batch.embeddings.view, into: cosines.view)
    let terms = batch.own.enumerated().map { rows.terms(anchor: $1, cosines: cosines.row($0)) }
    // Two numbers an anchor, from the rank that owns it to all: log D_i and the sum of its negatives' attention.
    let shared = gather(terms.flatMap { [$0.logDenominator, $0.attentionSum] })
    let coefficients = Matrix(rows: batch.own.count, columns: batch.speakers.count)
    for (index, row) in batch.own.enumerated() {
      for other in batch.speakers.indices {
        let slope = rows.slope(row, other, cosine: Double(cosines[index, other]), shared: shared)
        coefficients[index, other] = Float(slope)
      }
    }
    let gradient = Matrix(rows: batch.own.count, columns: batch.embeddings.columns)
    multiply(coefficients.view, batch.embeddings.view, into: gradient.view)
    var attentionGradient: [Double]?
    if attention.mode != .off && !attention.stopGradient {
      let values = batch.units.ranges(of: batch.own.count).flatMap {
        rows.attentionGradient(anchors: $0, cosines: cosines, shared: shared)
      }
      let width = batch.speakers.count
      let all = total?(values, width) ?? batch.units.total(values, width: width)
      attentionGradient = Array(all[batch.own])
    }
    return Result(
      losses: terms.map(\.loss), gradient: gradient, attentionGradient: attentionGradient, anchors: rows.anchors)
  }
}

extension SupervisedContrastiveLoss: Objective {
  package var absence: String { "no row has a positive" }

  /// With the batch's classifier's certainty as attention, and the same of all rows where there is none.
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
