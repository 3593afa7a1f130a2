import Foundation

/// Adam (Kingma and Ba 2015) with weight decay in the gradient or, as AdamW (Loshchilov and Hutter 2019), apart from
/// it.
public final class Adam: Optimizer {
  public let state: [(name: String, values: Matrix)]
  public var updates = 0
  private let layout: ParameterLayout
  private let beta1: Double
  private let beta2: Double
  private let epsilon: Float
  private let weightDecay: Double
  private let decoupled: Bool

  /// An optimiser of the parameters of a layout.
  /// - Parameters:
  ///   - beta1: the decay of the gradient's mean in a step.
  ///   - beta2: the decay of its square's mean in a step.
  ///   - epsilon: the number that is added to the square root of that mean.
  ///   - decoupled: whether weight decay is AdamW's.
  public init(
    _ layout: ParameterLayout, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, decoupled: Bool
  ) {
    self.layout = layout
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = Float(epsilon)
    self.weightDecay = weightDecay
    self.decoupled = decoupled
    state = [
      ("mean", Matrix.zeros(rows: 1, columns: layout.count)),
      ("square", Matrix.zeros(rows: 1, columns: layout.count)),
    ]
  }

  public func update(_ values: Matrix, gradient: Matrix, rate: (Parameter) -> UpdateRate?) {
    updates += 1
    let (keep1, keep2) = (Float(beta1), Float(beta2))
    let (take1, take2) = (Float(1 - beta1), Float(1 - beta2))
    let epsilon = epsilon
    for parameter in layout.parameters {
      guard let own = rate(parameter) else { continue }
      let (learningRate, updates) = (own.learningRate, Double(min(updates, own.mostUpdates)))
      let rate = Float(learningRate / (1 - pow(beta1, updates)))
      let correction = Float(1 / (1 - pow(beta2, updates)).squareRoot())
      let decay = parameter.decays ? weightDecay : 0
      let inGradient = decoupled ? 0 : Float(decay)
      let shrink = decoupled ? Float(1 - learningRate * decay) : 1
      let p = SharedMemory(values.pointer + parameter.offset)
      let g = SharedMemory(gradient.pointer + parameter.offset)
      let mean = SharedMemory(state[0].values.pointer + parameter.offset)
      let square = SharedMemory(state[1].values.pointer + parameter.offset)
      own.inPieces(of: parameter.count) { range in
        for index in range {
          let direction = g[index] + inGradient * p[index]
          mean[index] = keep1 * mean[index] + take1 * direction
          square[index] = keep2 * square[index] + take2 * direction * direction
          p[index] = shrink * p[index] - rate * mean[index] / (square[index].squareRoot() * correction + epsilon)
        }
      }
    }
  }
}
