import Foundation

/// The comparison of a batch with prototypes that holders share. All holders ask it for the same things together.
final class ShardedClassification: Classification {
  private let table: PrototypeTable
  private let batch: ObjectiveBatch
  /// The softmax without margins on other speakers that was computed last, because the loss and the certainties often
  /// have the same one.
  private var plain: PieceSoftmax?

  init(_ table: PrototypeTable, batch: ObjectiveBatch) {
    self.table = table
    self.batch = batch
  }

  private func plainSoftmax(scale: Double) -> PieceSoftmax {
    if let plain, plain.scale == Double(Float(scale)) { return plain }
    let softmax = PieceSoftmax(table, batch, scale: scale)
    plain = softmax
    return softmax
  }

  func loss(_ softmax: AdditiveAngularMarginSoftmax, margin: Double) -> ObjectiveValue {
    let harder = softmax.marginOnOthers(margin).map { ($0, softmax.interTopK) }
    let pieces =
      harder.map { PieceSoftmax(table, batch, scale: softmax.scale, harder: $0) }
      ?? plainSoftmax(scale: softmax.scale)
    let (own, rows) = (softmax.marginOnTarget(margin), Double(batch.speakers.count))
    var losses: [Double] = []
    var slopes: [PieceSoftmax.Slope] = []
    for row in pieces.rows {
      let logit = pieces.scale * own.apply(row.target)
      let shares = row.shares(own: logit)
      losses.append((shares.logSum - logit) / rows)
      slopes.append(
        PieceSoftmax.Slope(
          factor: pieces.scale / rows, own: -shares.others * pieces.scale * own.derivative(row.target) / rows,
          logSum: shares.logSum))
    }
    let dimensions = batch.embeddings.columns
    let pullback = ClassifierPullback(
      only: table.compared,
      writing: { [slopes] gradient in
        pieces.writePrototypeGradient(
          slopes, to: MatrixView(gradient.pointer, rows: gradient.columns / dimensions, columns: dimensions))
      })
    return ObjectiveValue(
      losses: Array(losses[batch.own]), gradient: ownRows(pieces.embeddingGradient(slopes)),
      terms: batch.speakers.count, classifier: pullback)
  }

  func certainty(_ attention: ClassAwareAttention) -> [Double] {
    let pieces = plainSoftmax(scale: attention.scale)
    return pieces.rows[batch.own].map { $0.shares(own: pieces.scale * $0.target).own }
  }

  func addCertainty(_ gradient: [Double], _ attention: ClassAwareAttention, to embeddings: Matrix) {
    let pieces = plainSoftmax(scale: attention.scale)
    // ∂a_i/∂cos θ_ik = κ·a_i·(δ_{k,y_i} − p_ik).
    let slopes = zip(batch.gather(gradient), pieces.rows).map { gradient, row in
      let shares = row.shares(own: pieces.scale * row.target)
      let factor = gradient * pieces.scale * shares.own
      return PieceSoftmax.Slope(factor: -factor, own: factor * shares.others, logSum: shares.logSum)
    }
    ownRows(pieces.embeddingGradient(slopes)).view.add(to: embeddings.view)
  }

  private func ownRows(_ all: Matrix) -> Matrix {
    let own = Matrix(rows: batch.own.count, columns: all.columns)
    all.rows(batch.own).copy(to: own.view)
    return own
  }
}
