/// The running statistics of a mean of a run's encoders, estimated on batches of the run's training.
package struct RunStatistics {
  /// What a user says of the batches.
  package struct Choice: Sendable {
    /// The data directory that the batches come from; nil for the run's own.
    package var corpus: String?
    /// The largest number of batches.
    package var batches: Int

    package init(corpus: String?, batches: Int) {
      (self.corpus, self.batches) = (corpus, batches)
    }
  }

  private let encoder: any Encoder
  private let estimate: StatisticsEstimate
  private let communicator: any Communicator
  /// Lines about what is otherwise than in the run's training, the same on all ranks.
  package let warnings: [String]
  /// The number of batches that the estimate takes.
  package var batches: Int { estimate.steps.count }

  /// Opens what the run trains on. All ranks call this together.
  /// - Parameters:
  ///   - path: the path of the run folder.
  ///   - state: the state of the newest checkpoint of the mean.
  ///   - settings: the settings of the mean's encoder, which rank 0 knows; empty on the others.
  /// - Throws: `AgreedFailure` where the run's settings or its corpus cannot be used, are those of another encoder or
  ///   other utterances, or leave nothing to estimate.
  package init(
    of path: String, at state: TrainingState, settings: [String: String], _ choice: Choice,
    communicator: any Communicator
  ) throws {
    self.communicator = communicator
    let folder = try communicator.agree { try RunFolder(reading: path) }
    let configuration = try communicator.agree { try Self.configuration(of: folder, choice, settings) }
    try configuration.agree(communicator)
    let corpus = try communicator.agree { try Self.corpus(of: configuration, of: folder, choice) }
    let place = configuration.corpus.train ?? ""
    try corpus.agree(place, communicator)
    let other = try communicator.agree { try Self.difference(corpus, at: place, from: state, choice) }
    let plan = try communicator.agree {
      try TrainingPlan.checkRows(configuration, ranks: communicator.size)
      return try TrainingPlan(configuration, corpus: corpus, start: nil)
    }
    for stage in [plan] + plan.later { try stage.batches.agreeOnRecordings(communicator) }
    encoder = configuration.network
    estimate = StatisticsEstimate(
      of: encoder, plan, at: state, batches: choice.batches, communicator: communicator)
    warnings =
      corpus.losses(in: place) + [other, Self.otherRecordings(estimate.plan, state)].compactMap(\.self)
      + [Self.otherShares(estimate.plan, state, communicator)].compactMap(\.self)
    try communicator.agree { [estimate] in
      guard estimate.isEmpty else { return }
      throw Failure(
        .usage,
        "\(folder.path): its encoder has no batch normalisation that was trained: leave --statistics re-estimated out")
    }
  }

  /// The run's settings, with products in single precision, as embeddings have them.
  /// - Parameter settings: the settings of the mean's encoder; empty where they are not known.
  private static func configuration(
    of folder: RunFolder, _ choice: Choice, _ settings: [String: String]
  ) throws -> Configuration {
    var configuration = try StoredSettings(folder).read()
    let own = configuration.encoderMetadata
    let others = settings.keys.sorted().filter { settings[$0] != own[$0] }
    guard others.isEmpty else {
      let list = others.map { "\($0) \(own[$0] ?? "none"), there \(settings[$0] ?? "none")" }.joined(separator: "; ")
      throw Failure(
        .usage,
        "\(folder.configurationPath): is of another encoder than the run's checkpoints (\(list)): set these settings "
          + "back")
    }
    configuration.training.precision = .single
    configuration.stages = zip(configuration.stages, configuration.ofStages).map { _, own in
      var stage = own
      stage.training.precision = .single
      return Configuration.Stage(stage)
    }
    configuration.corpus.train = choice.corpus ?? configuration.corpus.train
    return configuration
  }

  private static func corpus(
    of configuration: Configuration, of folder: RunFolder, _ choice: Choice
  ) throws -> Corpus {
    guard let path = configuration.corpus.train else {
      throw Failure(.usage, "\(folder.configurationPath): names no corpus.train: name the run's corpus with --corpus")
    }
    do {
      return try Corpus.open(path)
    } catch let failure as Failure where choice.corpus == nil {
      throw Failure(failure.kind, "\(failure.message); if the run's corpus was moved, name its place with --corpus")
    }
  }

  /// A line that says that the corpus has other utterances than the one that the run trained on; nil where it has the
  /// same.
  /// - Throws: `Failure(.usage)` where it has others and nobody asked for it by name.
  private static func difference(
    _ corpus: Corpus, at path: String, from state: TrainingState, _ choice: Choice
  ) throws -> String? {
    let now = corpus.contents.description
    if now == state.corpus { return nil }
    let words = "has other utterances (\(now)) than the run trained on (\(state.corpus))"
    guard choice.corpus == nil else { return "--corpus \(path): \(words): the statistics are those of its utterances" }
    let lost = corpus.losses(in: path).map { "; \($0)" }.joined()
    throw Failure(.usage, "\(path): \(words)\(lost): put them back, or name a corpus with --corpus")
  }

  /// A line that says that the folders of recordings to augment with hold others than in the run; nil where they have
  /// the same.
  private static func otherRecordings(_ plan: TrainingPlan, _ state: TrainingState) -> String? {
    guard let stored = state.augmentation else { return nil }
    let now = plan.batches.loader.augmentation.lists.bringingBack(state.unreadableRecordings ?? [], toMatch: stored)
    guard now.contents != stored else { return nil }
    let kinds = Set(now.contents.keys).union(stored.keys).filter { now.contents[$0] != stored[$0] }.sorted()
    return "the batches are augmented with other recordings (\(kinds.joined(separator: ", "))) than in the run"
  }

  /// A line that says that ranks have other shares of a batch than in the run, where their statistics are their own; nil
  /// where that is not so.
  private static func otherShares(
    _ plan: TrainingPlan, _ state: TrainingState, _ communicator: any Communicator
  ) -> String? {
    guard !plan.sharesBatchStatistics, state.ranks != communicator.size else { return nil }
    return
      "encoder.batchNormalization is local: with \(communicator.size.counted("rank")) in place of \(state.ranks) the "
      + "statistics are of other shares of a batch than in the run"
  }

  /// Estimates the statistics. All ranks call this together.
  /// - Parameters:
  ///   - mean: the mean's parameters and running statistics, each in one row, which rank 0 knows; nil on the others.
  ///   - warn: is called on each rank with a line about what it would be good to know.
  ///   - progress: is called after each batch.
  /// - Returns: the estimated statistics, in one row.
  /// - Throws: `AgreedFailure` where a rank cannot load its rows, or the statistics are not finite.
  package func statistics(
    of mean: (parameters: Matrix, statistics: Matrix)?, warn: (String) -> Void = { _ in }, progress: () -> Void = {}
  ) throws -> Matrix {
    let layout = encoder.layout
    let parameters = mean?.parameters ?? Matrix(rows: 1, columns: layout.parameters.count)
    let statistics = mean?.statistics ?? Matrix(rows: 1, columns: layout.statistics.count)
    communicator.broadcast(parameters)
    communicator.broadcast(statistics)
    let outlook = communicator.gatherValues(MemoryOutlook(ahead: estimate.memoryAhead(parameters)))
    MemoryOutlook.warnings(outlook, hosts: communicator.hosts, remedy: "more ranks on other hosts").forEach(warn)
    let result = try estimate.statistics(parameters, statistics, progress: progress)
    if let losses { warn(losses) }
    return result
  }

  /// A line that counts what could not be read; nil where that is nothing.
  private var losses: String? {
    let (utterances, recordings) = estimate.unreadable
    let parts = [
      utterances == 0 ? nil : utterances.counted("utterance"),
      recordings == 0 ? nil : "\(recordings.counted("recording")) to augment with",
    ].compactMap(\.self)
    guard !parts.isEmpty else { return nil }
    return "\(parts.joined(separator: " and ")) could not be read and had "
      + (utterances + recordings).ifOne("another in its place", "others in their place")
  }
}
