/// Stochastic gradient descent with momentum in PyTorch's form: v = μ·v + g + λ·p and p −= η·v, or with Nesterov's
/// momentum p −= η·(g + λ·p + μ·v) (Sutskever et al. 2013).
public final class SGD: Optimizer {
  public let state: [(name: String, values: Matrix)]
  public var updates = 0
  private let layout: ParameterLayout
  private let momentum: Float
  private let nesterov: Bool
  private let weightDecay: Float

  /// An optimiser of the parameters of a layout.
  /// - Parameters:
  ///   - momentum: the factor μ of the velocity in a step.
  ///   - nesterov: whether the momentum is Nesterov's.
  ///   - weightDecay: the factor λ.
  public init(_ layout: ParameterLayout, momentum: Double, nesterov: Bool, weightDecay: Double) {
    self.layout = layout
    self.momentum = Float(momentum)
    self.nesterov = nesterov
    self.weightDecay = Float(weightDecay)
    state = [("momentum", Matrix.zeros(rows: 1, columns: layout.count))]
  }

  public func update(_ values: Matrix, gradient: Matrix, rate: (Parameter) -> UpdateRate?) {
    updates += 1
    let (momentum, nesterov) = (momentum, nesterov)
    for parameter in layout.parameters {
      guard let own = rate(parameter) else { continue }
      let rate = Float(own.learningRate)
      let decay = parameter.decays ? weightDecay : 0
      let p = SharedMemory(values.pointer + parameter.offset)
      let g = SharedMemory(gradient.pointer + parameter.offset)
      let v = SharedMemory(state[0].values.pointer + parameter.offset)
      own.inPieces(of: parameter.count) { range in
        for index in range {
          let direction = g[index] + decay * p[index]
          v[index] = momentum * v[index] + direction
          p[index] -= rate * (nesterov ? direction + momentum * v[index] : v[index])
        }
      }
    }
  }
}
