extension GradientCheck where Network == ECAPATDNN {
  /// The check of the encoder, corpus and first batch that a configuration names.
  /// - Throws: `AgreedFailure`, on all ranks.
  package convenience init(_ configuration: Configuration, communicator: any Communicator) throws {
    // Losses of products in bf16 are too coarse for differences.
    var configuration = configuration
    configuration.training.precision = .single
    let plan = try communicator.agree { [configuration] in
      try TrainingRun.checkRows(configuration, ranks: communicator.size)
      return try TrainingRun.plan(configuration)
    }
    try self.init(encoder: ECAPATDNN(configuration), plan: plan, communicator: communicator)
  }
}
