package import DistTrain

extension Trainer {
  /// What all ranks hold together of a row like the parameters. All ranks call this together.
  package func whole(_ values: Matrix) -> [Float] {
    guard let pieces = plan.objectives.pieces else { return values.values }
    let first = encoder.layout.parameters.count
    let counts = (0..<pieces.holders).map { pieces.rows(of: pieces.pieces(of: $0)).count * encoder.dimensions }
    return Array(values.values[..<first]) + communicator.gather(Array(values.values[first...]), counts: counts)
  }
}
