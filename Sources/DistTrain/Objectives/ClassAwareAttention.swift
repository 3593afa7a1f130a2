import Foundation

/// The classifier's certainty about a row, by its prototypes: a_i = softmax_k(κ·cos θ_ik)[y_i] (Li, Mak and Meng,
/// "Discriminative Speaker Representation via Contrastive Learning with Class-Aware Attention in Angular Space", ICASSP
/// 2023).
public struct ClassAwareAttention: Sendable {
  package enum Mode: String, Sendable, Codable, CaseIterable {
    /// Weights by attention multiply the negatives' terms of the contrastive loss.
    case weight
    /// Attention multiplies every logit of the contrastive loss.
    case logit
    case off
  }

  package let mode: Mode
  /// The scale κ.
  package let scale: Double
  /// Whether, in mode `weight`, the weights of an anchor are scaled to a mean of one over its negatives.
  package let normalize: Bool
  /// Whether a is a constant in the gradient.
  package let stopGradient: Bool

  package init(mode: Mode, scale: Double, normalize: Bool = true, stopGradient: Bool = true) {
    self.mode = mode
    self.scale = scale
    self.normalize = normalize
    self.stopGradient = stopGradient
  }

  /// The certainty a_i of each row of the cosines.
  /// - Parameter speakers: the speaker y_i of each row.
  package func values(_ cosines: SpeakerCosines, speakers: [Int]) -> [Double] {
    (0..<cosines.values.rows).map { probabilities(cosines, row: $0)[speakers[$0]] }
  }

  /// The gradient by cosine, rows × speakers, computed from that of a: ∂a_i/∂cos θ_ik = κ·a_i·(δ_{k,y_i} − p_ik).
  package func backward(_ gradient: [Double], cosines: SpeakerCosines, speakers: [Int]) -> Matrix {
    let result = Matrix(rows: cosines.values.rows, columns: cosines.speakers)
    for row in 0..<result.rows {
      let shares = probabilities(cosines, row: row)
      let target = speakers[row]
      for speaker in 0..<cosines.speakers {
        let slope = scale * shares[target] * ((speaker == target ? 1 : 0) - shares[speaker])
        result[row, speaker] = Float(gradient[row] * slope)
      }
    }
    return result
  }

  private func probabilities(_ cosines: SpeakerCosines, row: Int) -> [Double] {
    let logits = (0..<cosines.speakers).map { scale * Double(cosines.values[row, $0]) }
    let highest = logits.max() ?? 0
    let exponentials = logits.map { exp($0 - highest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}
