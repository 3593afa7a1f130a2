/// A training step of one rank of a job, computed on this machine on random features: how long it computes, what it
/// would send, and the memory that it takes.
package struct StepRehearsal: Sendable {
  /// The ranks of the job.
  package let ranks: Int
  /// The rows of rank 0, which has as many as any.
  package let rows: Int
  /// The seconds of computation, the median of the steps.
  package let seconds: Double
  /// What rank 0 sent in the last step.
  package let operations: [RehearsedOperation]
  /// The bytes of memory that the rank takes, evaluations left out.
  package let memory: Int

  package init(ranks: Int, rows: Int, seconds: Double, operations: [RehearsedOperation], memory: Int) {
    self.ranks = ranks
    self.rows = rows
    self.seconds = seconds
    self.operations = operations
    self.memory = memory
  }

  /// This rehearsal with the time and memory of the slowest and largest of all ranks that computed it at once. All ranks
  /// call this together.
  package func slowest(_ communicator: any Communicator) -> StepRehearsal {
    let most = communicator.maximum([seconds, Double(memory)])
    let ratio = seconds > 0 ? most[0] / seconds : 1
    return StepRehearsal(
      ranks: ranks, rows: rows, seconds: most[0], operations: operations.map { $0.slowed(by: ratio) },
      memory: Int(most[1]))
  }

  /// Takes some steps of rank 0. Reading recordings, evaluations and checkpoints are left out.
  /// - Parameters:
  ///   - configuration: the training; its first stage counts.
  ///   - speakers: the number of speakers of its corpus.
  ///   - ranks: the number of ranks of the job.
  ///   - steps: the number of steps that count, after two that do not.
  /// - Throws: `Failure(.usage)` where the settings allow no such job.
  package static func run(_ configuration: Configuration, speakers: Int, ranks: Int, steps: Int) throws
    -> StepRehearsal
  {
    try TrainingPlan.checkRows(configuration.ofFirstStage, ranks: ranks)
    let plan = try plan(configuration, speakers: speakers)
    let communicator = RehearsalCommunicator(size: ranks)
    let encoder = configuration.ofFirstStage.network
    let trainer = Trainer(encoder: encoder, plan: plan, communicator: communicator)
    let labels = plan.batches.sampler.batch(step: 0).map(\.speaker)
    let rows = trainer.batches.cut(rows: labels.count).rows(of: 0).count
    let features = features(bins: encoder.bins, frames: rows * plan.batches.loader.frames)
    let outlook = MemoryOutlook(ahead: trainer.memoryAhead(evaluation: 0))
    var times: [Double] = []
    for _ in 0..<steps + 2 {
      communicator.forget()
      times.append(try Stopwatch.seconds { _ = try trainer.learn(features, speakers: labels) })
    }
    return StepRehearsal(
      ranks: ranks, rows: rows, seconds: Stopwatch.median(Array(times.dropFirst(2))),
      operations: communicator.operations, memory: outlook.held + outlook.ahead)
  }

  /// The plan of the first stage on a corpus of names, so that no recording and no folder of noise is opened.
  package static func plan(_ configuration: Configuration, speakers: Int) throws -> TrainingPlan {
    var configuration = configuration.ofFirstStage
    configuration.augmentation = Configuration.Augmentation()
    configuration.training.from = nil
    return try TrainingPlan(configuration, corpus: corpus(configuration, speakers: speakers))
  }

  private static func corpus(_ configuration: Configuration, speakers: Int) -> Corpus {
    let utterances = max(2, configuration.batch.utterances)
    let seconds = configuration.crop.lengths.upperBound + 1
    return Corpus(
      (0..<speakers).flatMap { speaker in
        (0..<utterances).map {
          ListedUtterance(id: "\(speaker)-\($0)", speaker: "\(speaker)", path: "none", seconds: seconds)
        }
      })
  }

  /// Random features, bins × frames.
  package static func features(bins: Int, frames: Int) -> Matrix {
    var stream = RandomStream(seed: 1, purpose: .initialisation)
    let features = Matrix(rows: bins, columns: frames)
    for index in 0..<features.count { features.pointer[index] = Float(stream.uniform(-3, 3)) }
    return features
  }
}
