extension TrialScorer {
  /// The cosine of two embeddings; 0 where one of them is 0.
  package static func cosine(_ first: [Float], _ second: [Float]) -> Float {
    precondition(first.count == second.count, "embeddings of one encoder have as many dimensions")
    func dot(_ a: [Float], _ b: [Float]) -> Double {
      zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let lengths = (dot(first, first) * dot(second, second)).squareRoot()
    return lengths > 0 ? Float(dot(first, second) / lengths) : 0
  }
}
