/// All that a checkpoint holds, as it was between two steps: copies, so that it can be written while training goes on.
package struct CheckpointSnapshot: Sendable {
  /// The encoder's and the classifier's tensors.
  package let encoder: [NamedTensor]
  package let optimizer: [NamedTensor]
  package let state: TrainingState
  /// What the encoder's file says of the encoder.
  package let metadata: [String: String]

  package init(
    encoder: [NamedTensor], optimizer: [NamedTensor], state: TrainingState, metadata: [String: String] = [:]
  ) {
    self.encoder = encoder
    self.optimizer = optimizer
    self.state = state
    self.metadata = metadata
  }

  package var step: Int { state.step }

  /// Of the tensors.
  package var bytes: Int { (encoder + optimizer).reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride }
}
