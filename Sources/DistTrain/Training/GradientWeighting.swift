import Foundation

/// The way in which the objectives' gradients become one direction for the encoder.
public enum GradientWeighting: Sendable {
  /// A combination of the gradients of the encoder's parameters, by a solver.
  case parameters(any GradientSolver)
  /// A combination of the gradients of the embeddings before length normalisation, by a solver, which takes one backward
  /// pass. With min-norm this is an upper bound of the former (Sener and Koltun 2018, section 3.3).
  case representation(any GradientSolver)
  /// Given coefficients of the objectives, by name.
  case fixed([String: Double])
  /// The weights exp(−s_k) at which Kendall's loss with learnt uncertainties s_k, Σ_k exp(−s_k)·L_k + s_k, is least
  /// (Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and
  /// Semantics", CVPR 2018), which are 1/L_k (Kirchdorfer et al., "Analytical Uncertainty-Based Loss Weighting in
  /// Multi-Task Learning", 2024, equation 6).
  case uncertainty
  /// Weights that each step draws anew, softmax of normal numbers (Lin, Ye, Zhang and Tsang, "Reasonable Effectiveness
  /// of Random Weighting", TMLR 2022).
  case random(seed: UInt64)

  /// Whether weights are known before the gradients travel back through the encoder, so that only their combination
  /// does.
  var precedesBackward: Bool {
    if case .parameters = self { return false }
    return true
  }

  /// The number of gradients of the encoder's parameters that a backward pass computes from those of so many
  /// objectives.
  package func buffers(of objectives: Int) -> Int { precedesBackward ? 1 : objectives }

  /// The factor of the gradient of the classifier's parameters, which belongs to one objective.
  func classifierWeight(of objective: String) -> Double {
    if case .fixed(let coefficients) = self { return coefficient(of: objective, coefficients) }
    return 1
  }

  /// What is known of the objectives at a step.
  package struct Step {
    let number: Int
    let objectives: [String]
    /// The gradients' dot products.
    let gram: [[Double]]
    let losses: [Double]
    /// Whether each objective has a term in the batch.
    let present: [Bool]

    package init(number: Int, objectives: [String], gram: [[Double]], losses: [Double], present: [Bool]) {
      (self.number, self.objectives) = (number, objectives)
      (self.gram, self.losses, self.present) = (gram, losses, present)
    }
  }

  /// The weights of the objectives' gradients; nil where they depend on dot products or losses that are not finite.
  package func weights(at step: Step) -> [Double]? {
    switch self {
    case .parameters(let solver), .representation(let solver):
      return solver.weights(gram: step.gram, losses: step.losses, present: step.present)
    case .fixed(let coefficients): return step.objectives.map { coefficient(of: $0, coefficients) }
    case .uncertainty: return Self.uncertaintyWeights(step)
    case .random(let seed): return Self.randomWeights(step, seed: seed)
    }
  }

  private func coefficient(of objective: String, _ coefficients: [String: Double]) -> Double {
    guard let coefficient = coefficients[objective] else { preconditionFailure("\(objective) has no fixed weight") }
    return coefficient
  }

  /// The least loss that is divided by: a solved objective would otherwise outweigh all others without bound.
  private static let leastLoss = 1e-3

  private static func uncertaintyWeights(_ step: Step) -> [Double]? {
    guard step.losses.allSatisfy(\.isFinite) else { return nil }
    return zip(step.losses, step.present).map { $1 ? 1 / max($0, leastLoss) : 0 }
  }

  private static func randomWeights(_ step: Step, seed: UInt64) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: .weighting, item: step.number)
    let powers = step.present.map { isPresent in
      let power = exp(stream.normal())
      return isPresent ? power : 0
    }
    let sum = powers.reduce(0, +)
    return sum > 0 ? powers.map { $0 / sum } : powers
  }
}
