import Foundation

/// A margin on a target's cosine: the function that replaces cos θ, and its derivative.
package struct AngularMargin: Sendable {
  package enum Form: String, Sendable, Codable, CaseIterable {
    /// cos(θ + m) where cos θ > cos(π − m), and otherwise cos θ − (1 + cos(π − m)), which meets it at −1 and keeps
    /// falling with θ (ArcFace, Deng et al. 2019; the extension is wespeaker's).
    case angle
    /// cos θ − m (CosFace, Wang et al. 2018).
    case cosine
    case none
  }

  package let form: Form
  /// The margin m, in radians for `angle` and as a cosine for `cosine`.
  package let value: Double

  package init(form: Form, value: Double) {
    self.form = form
    self.value = value
  }

  /// The bound that keeps cosines off ±1, where the angle's derivative is infinite.
  private static let bound = 1 - 1e-6

  package func apply(_ cosine: Double) -> Double {
    switch form {
    case .none: return cosine
    case .cosine: return cosine - value
    case .angle:
      let threshold = -cos(value)
      guard cosine > threshold else { return cosine - (1 + threshold) }
      let clamped = Self.clamp(cosine)
      return clamped * cos(value) - (1 - clamped * clamped).squareRoot() * sin(value)
    }
  }

  /// The derivative of `apply` by the cosine.
  package func derivative(_ cosine: Double) -> Double {
    guard form == .angle, cosine > -cos(value) else { return 1 }
    let clamped = Self.clamp(cosine)
    return cos(value) + sin(value) * clamped / (1 - clamped * clamped).squareRoot()
  }

  static func clamp(_ cosine: Double) -> Double { min(max(cosine, -bound), bound) }
}
