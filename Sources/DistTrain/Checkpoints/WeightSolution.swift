/// The weights that the objectives got when they were last sought, which a checkpoint keeps for the steps that go on with
/// them.
package struct WeightSolution: Codable, Sendable, Equatable {
  package let weights: [Double]
  /// Whether each objective had a term in the batch.
  package let present: [Bool]

  package init(weights: [Double], present: [Bool]) {
    (self.weights, self.present) = (weights, present)
  }

  package enum CodingKeys: String, CodingKey, CaseIterable { case weights, present }
}
