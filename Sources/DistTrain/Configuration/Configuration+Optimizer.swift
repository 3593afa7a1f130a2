extension Configuration {
  /// The optimiser; its learning rate is `schedule.learningRate`.
  package struct Optimizer: Codable, Sendable, Equatable {
    package enum Kind: String, Choice {
      case sgd, adam, adamw
    }

    package var type = Kind.sgd
    package var momentum = 0.9
    package var nesterov = true
    package var weightDecay = 1e-4
    package var beta1 = 0.9
    package var beta2 = 0.999
    package var epsilon = 1e-8
    package var gradientNorm: Double? = 5

    package init() {}

    static let settings = [
      Setting("optimizer.type", \.optimizer.type, "update rule"),
      Setting(
        "optimizer.momentum", \.optimizer.momentum, "sgd: share of the last update that is kept",
        allowed: .from(0, below: 1)),
      Setting("optimizer.nesterov", \.optimizer.nesterov, "sgd: Nesterov's momentum"),
      Setting(
        "optimizer.weightDecay", \.optimizer.weightDecay, "pull towards 0, except on batch normalization and biases",
        allowed: .from(0, to: 100)),
      Setting(
        "optimizer.beta1", \.optimizer.beta1, "adam, adamw: decay of the mean gradient", allowed: .from(0, below: 1)),
      Setting(
        "optimizer.beta2", \.optimizer.beta2, "adam, adamw: decay of the mean square", allowed: .from(0, below: 1)),
      Setting(
        "optimizer.epsilon", \.optimizer.epsilon, "adam, adamw: keeps the divisor above 0",
        allowed: .above(0, to: 1)),
      Setting(
        "optimizer.gradientNorm", \.optimizer.gradientNorm,
        "norm limit, encoder and classifier; null = none", allowed: .above(0, to: 1_000_000)),
    ]
  }
}
