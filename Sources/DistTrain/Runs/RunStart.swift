/// The start of a run: anew, or from the newest checkpoint in its folder that fits. Rank 0 chooses.
struct RunStart {
  /// The place where a run begins.
  private struct Place {
    /// The checkpoint that it goes on from; empty for a run that begins.
    var checkpoint = ""
    /// The changes from the run until now; rank 0 knows them.
    var changes: [RunHistory.Change] = []
  }

  /// A run that has been taken up.
  struct Begun {
    /// The path of the checkpoint that it goes on from; nil for a run that begins.
    let checkpoint: String?
    fileprivate let changes: [RunHistory.Change]
    /// The step that it goes on from.
    fileprivate let step: Int
  }

  let session: RunSession
  private var options: RunSession.Options { session.options }
  private var folder: RunFolder { session.folder }
  private var trainer: Trainer { session.trainer }

  init(_ session: RunSession) {
    self.session = session
  }

  /// Takes the trainer to the state in which it begins. All ranks call this together.
  func takeUp() throws -> Begun {
    let (communicator, isFirstRank) = (session.communicator, session.isFirstRank)
    var place = try communicator.agree { isFirstRank ? try chooseStart() : Place() }
    place.checkpoint = communicator.broadcast(place.checkpoint)
    if place.checkpoint.isEmpty { try begin() } else { try restore(&place) }
    return Begun(
      checkpoint: place.checkpoint.isEmpty ? nil : place.checkpoint, changes: place.changes, step: trainer.step)
  }

  /// Takes the trainer back to where the run began. All ranks call this together.
  func beginAgain() throws {
    trainer.start == nil && session.configuration.training.from != nil ? try begin() : trainer.begin()
  }

  /// Takes the trainer to the encoder that the run starts from; without one it is at its start.
  private func begin() throws {
    let start = try StoredEncoder.start(of: session.configuration, session.communicator, say: session.note)
    guard let start else { return }
    trainer.begin(with: start)
    session.note("starting from \(start.path), encoder \(start.identity.prefix(12))")
    let speakers = trainer.plan.batches.corpus.speakers
    session.note(
      start.classifier.map { "the prototypes of \($0.count(of: speakers)) of \(speakers.count) speakers are kept" })
  }

  private func restore(_ place: inout Place) throws {
    let communicator = session.communicator
    let state = try communicator.agree { [path = place.checkpoint] in
      let checkpoint = try Checkpoint(verifying: path)
      try trainer.restore(checkpoint)
      return checkpoint.state
    }
    place.changes += changes(of: state)
    noteOtherArithmetic(state)
    let ranks = state.ranks
    if ranks != communicator.size, !trainer.plan.sharesBatchStatistics {
      session.note(
        "warning: encoder.batchNormalization is local: with \(communicator.size.counted("rank")) in place of \(ranks) "
          + "this run trains differently from here on")
    }
    try communicator.agree { if session.isFirstRank { try EvaluationResults.remove(after: trainer.step, in: folder) } }
  }

  /// Writes down how the run was started, and then its settings. They come last, because they are what the next start
  /// compares with: a run that is killed before has its changes in the history twice rather than never. All ranks call
  /// this together, once the start has succeeded: one that fails leaves the run as it was.
  func record(_ begun: Begun) throws {
    try session.communicator.agree {
      guard session.isFirstRank else { return }
      RunHistory(folder).add(session, changes: begun.changes, step: begun.step)
      guard let kept = try StoredSettings(folder).write(session.configuration) else { return }
      session.note("note: \(folder.configurationPath) was not as svdist writes it: what it held is in \(kept)")
    }
  }

  /// The changes from a checkpoint's run, besides those of the settings.
  private func changes(of state: TrainingState) -> [RunHistory.Change] {
    let corpus = trainer.plan(of: state).batches.corpus.contents.description
    let change = RunHistory.Change(key: "corpus.train", was: state.corpus, now: corpus)
    return (state.corpus == corpus ? [] : [change]) + otherRecordings(than: state)
  }

  /// The changes of the lists of recordings to augment with since a checkpoint's run. Recordings that the run could
  /// not read, and that have gone since, are no change.
  private func otherRecordings(than state: TrainingState) -> [RunHistory.Change] {
    guard let stored = state.augmentation else { return [] }
    let now = trainer.plan(of: state).batches.loader.augmentation.lists
      .bringingBack(state.unreadableRecordings ?? [], toMatch: stored).contents
    return RecordingKind.allCases.compactMap { kind in
      let (was, now) = (stored[kind.rawValue] ?? "none", now[kind.rawValue] ?? "none")
      return was == now ? nil : RunHistory.Change(key: kind.setting, was: was, now: now)
    }
  }

  /// Warns if a run goes on with other bits than it would have had on the machine that saved it.
  private func noteOtherArithmetic(_ state: TrainingState) {
    let saved = state.arithmetic.map { Arithmetic(checksums: $0) }
    let difference = saved.map(session.arithmetic.difference) ?? "sums in another order, by svdist \(state.version)"
    guard let difference else { return }
    session.note(
      "warning: this machine computes differently from the one that saved the checkpoint (\(difference)): from here on the "
        + "run has other bits than it would have had there")
  }

  /// Puts the run folder in order.
  /// - Returns: the place where the run begins.
  private func chooseStart() throws -> Place {
    if options.restart {
      try refuseOwnStart()
      try clear()
    }
    try folder.checkpoints.removeLeftovers()
    let changes = try folder.checkpoints.steps().isEmpty ? [] : compareConfiguration()
    let path = try newestPath()
    if path.isEmpty, !options.restart { try noteEarlierSteps() }
    return Place(checkpoint: path, changes: changes)
  }

  /// The path of the newest checkpoint of this encoder and corpus that is whole; empty if there is none at all.
  func newestPath() throws -> String {
    var refused: Failure?
    let found = Result {
      try folder.checkpoints.newest { checkpoint in
        refused = refused ?? refusal(of: checkpoint.state)
        try compareEncoder(checkpoint)
        try trainer.check(checkpoint)
      }
    }
    // Checkpoints that do not fit because of another corpus or seed are not broken.
    if let refused { throw refused }
    do {
      let (newest, rejected) = try found.get()
      for one in rejected { session.note("warning: \(one.path) is passed over: \(one.reason)") }
      return newest?.path ?? ""
    } catch let failure as Failure {
      throw Failure(failure.kind, failure.message + remedy)
    }
  }

  /// The remedies besides --restart where no checkpoint fits.
  private var remedy: String {
    let corpus = trainer.plan.batches.corpus
    if corpus.lost > 0 {
      return "; or bring back what the run was begun with: "
        + corpus.losses(in: session.configuration.corpus.train ?? "").joined(separator: "; ")
    }
    return options.allowedChanges.isEmpty
      ? "" : "; if --allow-change accepted a setting that they cannot resume with, set that back"
  }

  /// Warns if steps were taken but no checkpoint exists. A run that was killed before its first checkpoint begins
  /// again, but one whose checkpoints are gone should not do so unnoticed.
  private func noteEarlierSteps() throws {
    guard FileSystem.exists(folder.metricsPath) else { return }
    let lines = try InputFile.contents(of: folder.metricsPath).count { $0 == UInt8(ascii: "\n") }
    guard lines > 0 else { return }
    session.note(
      "warning: \(folder.metricsPath) has \(lines.counted("step")), but \(folder.checkpointsPath) has no checkpoint: "
        + "the run starts over")
  }

  /// Refuses to remove what the run is to start from.
  private func refuseOwnStart() throws {
    guard let start = session.configuration.training.from else { return }
    let (own, other) = (FileSystem.resolved(folder.path), FileSystem.resolved(start))
    guard Name(own) == Name(other) || other.begins(with: own + "/") else { return }
    throw Failure(
      .usage,
      "training.from: \(start) is in the run folder, and --restart removes what is there: name another folder with "
        + "--run-dir")
  }

  private func clear() throws {
    try folder.checkpoints.removeAll()
    let logs = [
      folder.metricsPath, folder.badUtterancesPath, folder.batchesPath, folder.ranksPath, folder.timelinePath,
    ]
    for path in logs { try FileSystem.remove(path) }
    for name in try TensorBoardLog.names(in: folder.path) { try FileSystem.remove("\(folder.path)/\(name)") }
    try folder.removeReports()
    try EvaluationResults.remove(after: -1, in: folder)
  }

  /// Refuses settings that changed and are not allowed to. A continuation with other settings would be neither run,
  /// unless somebody wants just that.
  /// - Returns: the changes that are accepted.
  private func compareConfiguration() throws -> [RunHistory.Change] {
    guard FileSystem.exists(folder.configurationPath) else {
      session.note("warning: \(folder.configurationPath) is gone: whether settings changed is not known")
      return []
    }
    let before: Configuration
    do {
      before = try StoredSettings(folder).read()
    } catch let failure as Failure {
      throw Failure(
        failure.kind, failure.message + "; correct it, or remove it to resume without comparing settings")
    }
    let differences = session.configuration.differences(from: before)
    let refused = differences.filter { !isAllowed($0.key) }
    guard refused.isEmpty else {
      let list = refused.map { "\($0.key) was \($0.stored), is \($0.now)" }.joined(separator: "; ")
      throw Failure(
        .usage,
        "\(folder.path) holds a run with other settings (\(list)): set them back, or accept each with --allow-change, or "
          + "--restart starts over")
    }
    for one in differences { session.note("\(one.key) was \(one.stored) until now and is \(one.now)") }
    return differences.map { RunHistory.Change(key: $0.key, was: $0.stored, now: $0.now) }
  }

  /// The reason why a checkpoint's run cannot go on here, whatever the stored settings say: another corpus, other
  /// random numbers or other recordings to augment with. It is nil if there is none.
  private func refusal(of state: TrainingState) -> Failure? {
    let corpus = trainer.plan.batches.corpus
    let now = corpus.contents.description
    if state.corpus != now, !isAllowed("corpus.train") {
      let lost = corpus.unmeasured
      let unmeasured =
        lost.first.map {
          "; left out because their recordings cannot be read: \(lost.count), the first: \($0.failure.message)"
        }
        ?? ""
      return Failure(
        .usage,
        "\(folder.path) holds a run on another corpus (\(session.configuration.corpus.train ?? "corpus.train") had "
          + "\(state.corpus), has \(now)\(unmeasured)): put it back, or accept it with "
          + "--allow-change corpus.train, or --restart starts over")
    }
    if state.seed != session.configuration.seed, !isAllowed("seed") {
      return Failure(
        .usage,
        "\(folder.path) holds a run with another seed (its checkpoints have \(state.seed), now it is "
          + "\(session.configuration.seed)): set it back, or accept it with --allow-change seed, or --restart starts over"
      )
    }
    let others = otherRecordings(than: state).filter { !isAllowedList($0.key) }
    guard !others.isEmpty else { return nil }
    let list = others.map { "\($0.key) had \($0.was), has \($0.now)" }.joined(separator: "; ")
    return Failure(
      .usage,
      "\(folder.path) holds a run that augments with other recordings (\(list)): put them back, or accept them with "
        + others.map { "--allow-change \($0.key)" }.joined(separator: " ") + ", or --restart starts over")
  }

  /// Whether the list of a setting may change: by its own name, or by that of MUSAN's folder, which may hold it.
  private func isAllowedList(_ key: String) -> Bool {
    isAllowed(key) || key != RecordingKind.rooms.setting && isAllowed("augmentation.musan")
  }

  private func isAllowed(_ key: String) -> Bool {
    options.allowedChanges.contains { key == $0 || key.hasPrefix($0 + ".") || key.hasPrefix($0 + "[") }
  }

  /// Checks that a checkpoint holds this encoder. The stored settings may be gone or changed by hand, but a checkpoint
  /// itself says which encoder it holds. Another front end may have been allowed.
  private func compareEncoder(_ checkpoint: Checkpoint) throws {
    let stored = try checkpoint.encoder().metadata
    let defaults = Configuration().encoderMetadata
    let differences = session.configuration.encoderMetadata.sorted { $0.key < $1.key }.compactMap {
      key, now -> String? in
      guard let before = stored[key] ?? defaults[key], before != now else { return nil }
      return key.hasPrefix("features.") && isAllowed(key) ? nil : "\(key) was \(before), is \(now)"
    }
    guard differences.isEmpty else {
      throw Failure(.badData, "it holds another encoder (\(differences.joined(separator: "; ")))")
    }
  }
}
