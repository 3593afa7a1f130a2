/// The contents of a checkpoint as they were between two steps, copied so that they can be written while training goes
/// on.
package struct CheckpointSnapshot: Sendable {
  /// The encoder's and the classifier's tensors.
  package let encoder: [NamedTensor]
  package let optimizer: [NamedTensor]
  package let state: TrainingState
  /// The description of the encoder that its file carries.
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

  /// The number of bytes of all tensors.
  package var bytes: Int { (encoder + optimizer).reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride }
}
