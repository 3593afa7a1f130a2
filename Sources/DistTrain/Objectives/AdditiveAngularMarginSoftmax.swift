import Foundation

/// Softmax over scaled cosines with a margin on the target's cosine:
/// L = −(1/M) Σ_i log softmax_k(l_ik)[y_i], l_ik = s·cos θ_ik for k ≠ y_i, l_iy = s·φ(θ_iy)
/// (Deng, Guo, Xue and Zafeiriou, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019).
public struct AdditiveAngularMarginSoftmax: Sendable {
  package enum Form: String, Sendable, Codable, CaseIterable {
    /// Scaled cosines without a margin.
    case softmax
    /// cos θ − m (AM-softmax, CosFace).
    case additiveMargin = "additive-margin"
    /// cos(θ + m) (AAM-softmax, ArcFace).
    case additiveAngularMargin = "additive-angular-margin"
  }

  public let name: String
  package let form: Form
  /// The scale s.
  package let scale: Double
  /// The number of nearest other speakers that get the margin m' against them (inter-top-k, Zhao et al. 2022); 0 for
  /// none.
  package let interTopK: Int
  /// The margin m' in radians at m = 0.2. It follows the schedule of m in proportion.
  package let interTopKMargin: Double

  package init(
    name: String = "classification", form: Form, scale: Double, interTopK: Int = 0, interTopKMargin: Double = 0.06
  ) {
    self.name = name
    self.form = form
    self.scale = scale
    self.interTopK = interTopK
    self.interTopKMargin = interTopKMargin
  }

  /// The margin on the target's cosine, for a margin m.
  func marginOnTarget(_ margin: Double) -> AngularMargin {
    switch form {
    case .softmax: AngularMargin(form: .none, value: 0)
    case .additiveMargin: AngularMargin(form: .cosine, value: margin)
    case .additiveAngularMargin: AngularMargin(form: .angle, value: margin)
    }
  }

  /// The margin on the cosines with the nearest other speakers, for a margin m; nil where they get none.
  func marginOnOthers(_ margin: Double) -> AngularMargin? {
    guard interTopK > 0, form != .softmax else { return nil }
    // cos(θ − m') is the margin with the opposite sign, which needs no extension.
    return AngularMargin(form: .angle, value: -interTopKMargin * margin / 0.2)
  }

  /// Computes the losses of rows and their gradient.
  /// - Parameters:
  ///   - cosines: the cosines of this rank's rows.
  ///   - speakers: the speaker y_i of each of these rows.
  ///   - margin: the margin m at this step.
  ///   - batch: the number M of rows of the global batch.
  /// - Returns: each row's share of the loss, which is the sum of all shares, and the loss's gradient by cosine, rows ×
  ///   speakers.
  package func evaluate(
    _ cosines: SpeakerCosines, speakers: [Int], margin: Double, batch: Int
  ) -> (losses: [Double], gradient: Matrix) {
    let (targetMargin, otherMargin) = (marginOnTarget(margin), marginOnOthers(margin))
    let gradient = Matrix(rows: cosines.values.rows, columns: cosines.speakers)
    var losses: [Double] = []
    for row in 0..<gradient.rows {
      let target = speakers[row]
      var logits = (0..<cosines.speakers).map { scale * Double(cosines.values[row, $0]) }
      var slopes = [Double](repeating: scale, count: cosines.speakers)
      func set(_ speaker: Int, _ margin: AngularMargin) {
        let cosine = Double(cosines.values[row, speaker])
        logits[speaker] = scale * margin.apply(cosine)
        slopes[speaker] = scale * margin.derivative(cosine)
      }
      if let otherMargin {
        for speaker in nearestOthers(cosines, row: row, target: target) { set(speaker, otherMargin) }
      }
      set(target, targetMargin)
      let highest = logits.max() ?? 0
      let exponentials = logits.map { exp($0 - highest) }
      let sum = exponentials.reduce(0, +)
      losses.append((highest + log(sum) - logits[target]) / Double(batch))
      for speaker in 0..<cosines.speakers {
        let error = exponentials[speaker] / sum - (speaker == target ? 1 : 0)
        gradient[row, speaker] = Float(error * slopes[speaker] / Double(batch))
      }
    }
    return (losses, gradient)
  }

  private func nearestOthers(_ cosines: SpeakerCosines, row: Int, target: Int) -> ArraySlice<Int> {
    (0..<cosines.speakers).filter { $0 != target }
      .sorted { cosines.values[row, $0] > cosines.values[row, $1] }.prefix(interTopK)
  }
}

extension AdditiveAngularMarginSoftmax: Objective {
  /// Computes the loss with the prototypes of the batch's classifier, which this objective trains.
  public func evaluate(_ batch: ObjectiveBatch) -> ObjectiveValue {
    guard let classification = batch.classification else { preconditionFailure("\(name) needs a classifier") }
    return classification.loss(self, margin: batch.moment.margin)
  }
}
