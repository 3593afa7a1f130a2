extension Configuration {
  /// Checks the settings.
  /// - Throws: `Failure(.usage)` that names the key and what is allowed, where a setting is out of its range or
  ///   contradicts another one.
  package func validate() throws {
    for setting in settings {
      if let allowed = setting.complaint(self) {
        throw Failure(.usage, "\(setting.key): allowed is \(allowed), found \(setting.text(self))")
      }
    }
    if let disagreement { throw Failure(.usage, disagreement) }
  }

  /// A message about the first settings that contradict each other, in one line; nil where none do.
  private var disagreement: String? {
    let rate = schedule.learningRate
    let margin = schedule.margin
    if batch.rows > Batch.mostRows {
      return "batch.speakers: a global batch has at most \(Batch.mostRows) rows, speakers · utterances · views are "
        + "\(batch.rows)"
    }
    if views.augmented.count != batch.views {
      return "views.augmented: needs one true or false for each of the \(batch.views) views (batch.views), "
        + "found \(views.augmented.yaml)"
    }
    if let longest = crop.maximumSeconds, longest < crop.seconds {
      return "crop.maximumSeconds: at least crop.seconds (\(crop.seconds)), found \(longest)"
    }
    if let longest = corpus.maximumSeconds, longest < corpus.minimumSeconds {
      return "corpus.maximumSeconds: at least corpus.minimumSeconds (\(corpus.minimumSeconds)), found \(longest)"
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
    if training.average.decay != nil, training.average.from > training.steps {
      return "training.average.from: at most training.steps (\(training.steps)), found \(training.average.from)"
    }
    if margin.start > margin.end {
      return "schedule.margin.start: at most schedule.margin.end (\(margin.end)), found \(margin.start)"
    }
    if weighting.method == .fixed, weighting.classification == 0, weighting.contrastive == 0 {
      return "weighting.classification: it and weighting.contrastive are both 0: nothing would be trained"
    }
    if training.fromClassifier == .kept, training.from == nil {
      return "training.fromClassifier: kept without training.from: name the run to start from"
    }
    if augmentation.speed.asSpeakers, !augmentation.speed.factors.contains(1) {
      return "augmentation.speed.factors: with asSpeakers 1 is among them, found \(augmentation.speed.factors.yaml)"
    }
    if corpus.trials != nil, corpus.evaluation == nil {
      return "corpus.trials: set without corpus.evaluation: name the data directory that the trials are about"
    }
    return frontEndDisagreement ?? encoderDisagreement
  }

  /// Whether the rows of a view are changed.
  package func augments(view: Int) -> Bool {
    views.augmented[view] && augmentation.isOn
  }

  /// Remarks on what is allowed but may not be meant, a line each, which precede the rendered settings.
  package var notes: [String] {
    var notes: [String] = []
    if views.augmented.contains(true), !augmentation.isOn {
      notes.append("no view is augmented: augmentation names no folder, and its other kinds are off")
    }
    if batch.utterances * batch.views == 1, weighting.method == .minNorm || weighting.contrastive > 0 {
      notes.append("the contrastive loss has no positive pairs: batch.utterances and batch.views are 1")
    }
    if corpus.evaluation != nil, corpus.trials == nil {
      notes.append("nothing is evaluated during training: corpus.evaluation is set, corpus.trials is null")
    }
    return notes
  }
}
