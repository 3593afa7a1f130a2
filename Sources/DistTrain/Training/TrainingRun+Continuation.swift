extension TrainingRun {
  /// Starts anew or goes on from the newest checkpoint, as the run folder and the options have it. Rank 0 chooses.
  func takeUp() throws {
    let chosen = try communicator.agree { () -> String in
      guard communicator.rank == 0 else { return "" }
      if options.restart { try clear() }
      try folder.checkpoints.removeLeftovers()
      let (newest, rejected) = try folder.checkpoints.newest()
      for one in rejected { progress.note("warning: \(one.path) is passed over: \(one.reason)") }
      if newest != nil { try compareConfiguration() }
      try folder.write(configuration: configuration.yaml)
      return newest?.path ?? ""
    }
    let path = communicator.broadcast(chosen)
    if path.isEmpty { return }
    try communicator.agree {
      let checkpoint = try Checkpoint(verifying: path)
      try compareEncoder(checkpoint)
      try trainer.restore(checkpoint)
    }
    lastSavedStep = trainer.step
    try communicator.agree { if isFirstRank { try removeEvaluations(after: trainer.step) } }
    note("going on from step \(trainer.step), \(path)")
  }

  private func clear() throws {
    try folder.checkpoints.removeAll()
    for path in [folder.metricsPath, folder.badUtterancesPath, folder.batchesPath] { try FileSystem.remove(path) }
    try removeEvaluations(after: -1)
  }

  /// A continuation with other settings would be neither run.
  private func compareConfiguration() throws {
    guard FileSystem.exists(folder.configurationPath) else { return }
    let before = try Configuration.load(file: folder.configurationPath)
    let differences = configuration.differences(from: before)
    guard differences.isEmpty else {
      let list = differences.map { "\($0.key) was \($0.stored), is \($0.now)" }.joined(separator: "; ")
      throw Failure(
        .usage, "\(folder.path) holds a run with other settings (\(list)): set them back, or --restart starts anew")
    }
  }

  /// The stored settings may be gone or changed by hand: a checkpoint says itself which encoder it holds.
  private func compareEncoder(_ checkpoint: Checkpoint) throws {
    let stored = try checkpoint.encoder().metadata
    let differences = configuration.encoderMetadata.sorted { $0.key < $1.key }.compactMap { key, now in
      stored[key].flatMap { $0 == now ? nil : "\(key) was \($0), is \(now)" }
    }
    guard differences.isEmpty else {
      throw Failure(
        .usage,
        "\(checkpoint.path) holds another encoder (\(differences.joined(separator: "; "))): set it back, or --restart "
          + "starts anew")
    }
  }
}
