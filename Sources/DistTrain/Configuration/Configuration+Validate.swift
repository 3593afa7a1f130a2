extension Configuration {
  /// Checks the settings.
  /// - Throws: `Failure(.usage)` that names the key and what is allowed, where a setting is out of its range or
  ///   contradicts another one.
  package func validate() throws {
    try checkRanges()
    try forEachStage { stage in
      try stage.checkRanges()
      if let disagreement = stage.disagreementInStage { throw Failure(.usage, disagreement) }
    }
    if let disagreement = disagreementOfStages ?? disagreementInRun { throw Failure(.usage, disagreement) }
  }

  private func checkRanges() throws {
    for setting in settings {
      if let allowed = setting.complaint(self) {
        throw Failure(.usage, "\(setting.key): allowed is \(allowed), found \(setting.text(self))")
      }
    }
  }

  /// A message about the first settings that contradict each other and may change from stage to stage, in one line;
  /// nil where none do.
  private var disagreementInStage: String? {
    let rate = schedule.learningRate
    let margin = schedule.margin
    if batch.rows > Batch.mostRows {
      return "batch.speakers: a global batch has at most \(Batch.mostRows) rows, speakers · utterances · "
        + "views are \(batch.rows)"
    }
    if views.augmented.count != batch.views {
      return "views.augmented: needs one true or false for each of the \(batch.views) views (batch.views), "
        + "found \(views.augmented.yaml)"
    }
    if batch.microBatches > batch.units {
      return
        "batch.microBatches: a batch of \(batch.rows.counted("row")) has \(batch.units) units of "
        + "\(batch.unit.counted("row")), which stay "
        + "together (batch.unit): set at most \(batch.units), found \(batch.microBatches)"
    }
    if let longest = crop.maximumSeconds, longest < crop.seconds {
      return "crop.maximumSeconds: at least crop.seconds (\(crop.seconds)), found \(longest)"
    }
    if rate.type == .exponential, rate.final == 0 {
      return "schedule.learningRate.final: an exponential course can't end at 0: "
        + "set a small rate, or schedule.learningRate.type: cosine"
    }
    if rate.type == .oneCycle, rate.warmup > 0 {
      return "schedule.learningRate.warmup: one-cycle has its own rise (schedule.learningRate.rise, a fraction): "
        + "leave warmup at 0, found \(rate.warmup)"
    }
    if rate.warmup > training.steps {
      return "schedule.learningRate.warmup: at most training.steps (\(training.steps)), found \(rate.warmup)"
    }
    if margin.start > margin.end {
      return "schedule.margin.start: at most schedule.margin.end (\(margin.end)), found \(margin.start)"
    }
    if weighting.method == .fixed, weighting.classification == 0, weighting.contrastive == 0 {
      return "weighting.classification: it and weighting.contrastive are both 0: nothing would be trained"
    }
    if classification.sampling < 1, !classification.sharded {
      return "classification.sampling: below 1 only with classification.sharded: true, found \(classification.sampling)"
    }
    let nearest = classification.interTopK.count
    if classification.sharded, nearest > Classification.mostShardedNearest {
      return
        "classification.interTopK.count: at most \(Classification.mostShardedNearest) with classification.sharded, "
        + "found \(nearest)"
    }
    if augmentation.speed.asSpeakers, !augmentation.speed.factors.contains(1) {
      return "augmentation.speed.factors: with asSpeakers 1 is among them, found \(augmentation.speed.factors.yaml)"
    }
    return maskingDisagreement
  }

  /// A message about stages that do not go together, in one line; nil where they do.
  private var disagreementOfStages: String? {
    if stages.count > Self.mostStages { return "stages: at most \(Self.mostStages), found \(stages.count)" }
    if !stages.isEmpty, !Allowed.steps(from: 1).contains(steps) {
      return "stages: their training.steps are \(steps) in all, allowed is \(Allowed.steps(from: 1).text)"
    }
    let speeds = ofStages.map(\.augmentation.speed)
    for (index, (before, now)) in zip(speeds, speeds.dropFirst()).enumerated() {
      let known = before.asSpeakers ? before.factors : [1]
      if now.asSpeakers, !Set(now.factors).isSubset(of: known) {
        let key = StagePlace(index: index + 1).key("augmentation.speed.factors")
        return "\(key): with asSpeakers a stage may leave out speeds of the stage before, \(known.yaml), but add none, "
          + "found \(now.factors.yaml)"
      }
    }
    return nil
  }

  /// A message about the first settings of the whole run that contradict each other, in one line; nil where none do.
  private var disagreementInRun: String? {
    if let longest = corpus.maximumSeconds, longest < corpus.minimumSeconds {
      return "corpus.maximumSeconds: at least corpus.minimumSeconds (\(corpus.minimumSeconds)), found \(longest)"
    }
    if training.average.decay != nil, training.average.from > steps {
      return "training.average.from: at most training.steps (\(steps)), found \(training.average.from)"
    }
    if training.fromClassifier == .kept, training.from == nil {
      return "training.fromClassifier: kept without training.from: name the run to start from"
    }
    if corpus.trials != nil, corpus.evaluation == nil {
      return "corpus.trials: set without corpus.evaluation: name the data directory that the trials are about"
    }
    return disagreementOfSets ?? frontEndDisagreement ?? encoderDisagreement
  }

  /// Whether the rows of a view are changed.
  package func augments(view: Int) -> Bool {
    views.augmented[view] && augmentation.isOn
  }

  /// Remarks on what is allowed but may not be meant, a line each, which precede the rendered settings.
  package var notes: [String] {
    let own = ofStages.map(\.notesInStage)
    let ofAll = own[0].filter { note in own.allSatisfy { $0.contains(note) } }
    let ofSome = own.enumerated().flatMap { index, notes in
      notes.filter { !ofAll.contains($0) }.map { "\(StagePlace(index: index)): \($0)" }
    }
    let isUnused = corpus.evaluation != nil && corpus.trials == nil
    return ofAll + ofSome
      + (isUnused ? ["nothing is evaluated during training: corpus.evaluation is set, corpus.trials is null"] : [])
  }

  private var notesInStage: [String] {
    var notes: [String] = []
    if views.augmented.contains(true), !augmentation.isOn {
      notes.append("no view is augmented: augmentation names no folder, and its other kinds are off")
    }
    if batch.utterances * batch.views == 1, weighting.method != .fixed || weighting.contrastive > 0 {
      notes.append("the contrastive loss has no positive pairs: batch.utterances and batch.views are 1")
    }
    return notes + weighting.notes
  }
}
