import DistTrain

/// A rank's training step: forward, both objectives, backward, optimiser. The ranks share the rows.
struct TrainingStep {
  private let trainer: Trainer
  private let communicator: any Communicator
  private let features: Matrix
  private let labels: [Int]

  /// - Parameters:
  ///   - recordings: files that the corpus's utterances are read from, in turn; none for features in memory.
  ///   - settings: beside those of the options.
  init(
    _ options: StepOptions, recordings: [Recording] = [], settings: [String] = [], communicator: any Communicator
  ) throws {
    ThreadTeam.shared.grow(to: options.threads)
    let configuration = try options.configuration(settings)
    let plan = try TrainingPlan(configuration, corpus: Self.corpus(options, recordings: recordings))
    trainer = Trainer(encoder: configuration.network, plan: plan, communicator: communicator)
    self.communicator = communicator
    var stream = RandomStream(seed: 1, purpose: .test, item: communicator.rank)
    let bins = configuration.features.bins
    let columns = trainer.batches.cut(rows: options.rows).rows(of: communicator.rank).count * options.frames
    features = Matrix(rows: bins, columns: columns, (0..<bins * columns).map { _ in Float(stream.normal()) })
    labels = (0..<options.rows).map { $0 / 2 * 7 % options.speakers }
  }

  private static func corpus(_ options: StepOptions, recordings: [Recording]) -> Corpus {
    Corpus(
      (0..<options.speakers).flatMap { speaker in
        (0..<2).map { index in
          let recording = recordings.isEmpty ? nil : recordings[(2 * speaker + index) % recordings.count]
          return ListedUtterance(
            id: "s\(10_000 + speaker)/u\(index)", speaker: "s\(10_000 + speaker)", path: recording?.path ?? "none",
            seconds: recording?.seconds ?? 2)
        }
      })
  }

  /// Seconds of one step on features in memory, the slowest rank's.
  func run() throws -> Double {
    communicator.barrier()
    let seconds = try Seconds.of { _ = try trainer.learn(features, speakers: labels) }
    return communicator.maximum([seconds])[0]
  }

  /// Seconds of one step that reads its rows from recordings.
  func runFromRecordings() throws -> Double {
    communicator.barrier()
    let seconds = try Seconds.of { _ = try trainer.advance() }
    return communicator.maximum([seconds])[0]
  }

  /// The number of times that this rank does each product in one step.
  func products() throws -> [ProductShape: Int] {
    try ProductTrace.products { _ = try run() }
  }
}
