/// PCGrad: the sum of the gradients after each has lost its component against every other that it conflicts with (Yu,
/// Kumar, Gupta, Levine, Hausman and Finn, "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, algorithm 1).
///
/// The others are met in ascending order, not in a random one. With two gradients there is no order.
public struct GradientSurgery: GradientSolver {
  public init() {}

  public func solve(gram: [[Double]], losses: [Double]) -> [Double] {
    var sum = [Double](repeating: 0, count: gram.count)
    for own in gram.indices {
      // The gradient under surgery as a combination of the original ones.
      var weights = [Double](repeating: 0, count: gram.count)
      weights[own] = 1
      for other in gram.indices where other != own {
        let inner = products([gram[other]], weights)[0]
        if inner < 0 { weights[other] -= inner / gram[other][other] }
      }
      for index in sum.indices { sum[index] += weights[index] }
    }
    return sum
  }
}
