/// The moving average of the encoder in evaluations and checkpoints.
///
/// The encoder's file of a checkpoint holds what is evaluated. Where that is an average, the optimiser's file also holds
/// what training goes on with.
extension Trainer {
  private static let names = (parameters: "trained.parameters", statistics: "trained.statistics")

  /// The encoder's parameters, at the beginning of a row, and running statistics to compute embeddings with: the moving
  /// average where the training has one.
  public var evaluated: (parameters: Matrix, statistics: Matrix) {
    average.map { ($0.parameters, $0.statistics) } ?? (parameters, statistics)
  }

  /// The tensors of what is trained, as the optimiser's file of a checkpoint holds them beside an average; none where
  /// there is no average.
  func trained(_ parameters: Matrix, _ statistics: Matrix) -> [NamedTensor] {
    guard average != nil else { return [] }
    return [
      NamedTensor(
        name: Self.names.parameters, shape: [1, encoder.layout.parameters.count], buffer: parameters.buffer),
      NamedTensor(name: Self.names.statistics, matrix: statistics),
    ]
  }

  /// Takes up the average, and what is trained where a checkpoint holds both, after the trainer has read what the
  /// encoder's file holds. From a checkpoint without an average, this begins with a copy.
  func takeUpAverage(_ optimizerFile: SafetensorsFile) throws {
    average?.copy(parameters, statistics)
    for (name, values) in trainedTensors(in: optimizerFile) {
      try optimizerFile.read(name, shape: [1, values.count], into: values)
    }
  }

  /// The names of what is trained in a checkpoint that also has an average, and their places here; none where a
  /// checkpoint has none.
  func trainedTensors(in optimizerFile: SafetensorsFile) -> [(name: String, values: UnsafeMutableBufferPointer<Float>)]
  {
    guard optimizerFile.contains(Self.names.parameters) else { return [] }
    let encoder = UnsafeMutableBufferPointer(rebasing: parameters.elements[..<encoder.layout.parameters.count])
    return [(Self.names.parameters, encoder), (Self.names.statistics, statistics.elements)]
  }
}

extension MovingAverage {
  /// A line that says what is evaluated and stored.
  package var note: String {
    "note: evaluations and the checkpoints' model.safetensors have the moving average of the encoder (training.average: "
      + "decay \(rule.decay), from step \(rule.from))"
  }
}
