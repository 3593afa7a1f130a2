extension TrainingPlan {
  /// The training that a configuration describes, on a given corpus. The encoder that it starts from is read if it
  /// names one.
  /// - Throws: `Failure` where the corpus does not fit the settings, or a folder of noise or rooms cannot be used, or
  ///   the encoder to start from is not there or another one.
  public init(_ configuration: Configuration, corpus whole: Corpus) throws {
    let start = try configuration.training.from.map {
      try StoredEncoder(file: EncoderChoice($0).file, for: configuration)
    }
    try self.init(configuration, corpus: whole, start: start)
  }

  /// The training that a configuration describes, on a given corpus: the plan of its first stage, with those of the
  /// others.
  /// - Parameter start: the encoder to start from, read for this configuration; nil where that is not known yet, or
  ///   there is none.
  package init(_ configuration: Configuration, corpus whole: Corpus, start: StoredEncoder?) throws {
    let recorded = try Self.lasting(configuration.corpus, whole)
    var plans: [TrainingPlan] = []
    try configuration.forEachStage { stage in
      var plan = try TrainingPlan(stage, of: configuration.ofStages.count, recorded: recorded, after: plans)
      let notes = Self.notes(stage, whole: whole, recorded: recorded, plan.batches.sampler)
      plan.notes = notes.filter { note in !plans.contains { $0.notes.contains(note) } }
      plans.append(plan)
    }
    self = plans[0]
    later = Array(plans.dropFirst())
    self.start = start
  }

  /// The plan of a stage.
  /// - Parameters:
  ///   - configuration: the stage's settings.
  ///   - count: the number of stages of the training.
  ///   - recorded: the corpus without copies at other speeds.
  ///   - earlier: the plans of the stages before.
  private init(
    _ configuration: Configuration, of count: Int, recorded: Corpus, after earlier: [TrainingPlan]
  ) throws {
    let batches = try BatchSource(configuration, recorded: recorded, after: earlier.last)
    let encoder = configuration.network
    try Self.checkParameters(configuration, encoder, speakers: batches.corpus.speakers.count)
    let least = encoder.minimumFrames
    guard batches.loader.frames >= least else {
      throw Failure(
        .usage,
        "crop.seconds: \(configuration.crop.seconds) s are \(batches.loader.frames) frames, the encoder takes \(least) or "
          + "more")
    }
    let precision = configuration.training.precision
    guard precision.isAvailable else {
      throw Failure(
        .usage,
        "training.precision: \(precision.rawValue) needs a CPU with AVX512-BF16, which \(hostName())'s has not: set fp32"
      )
    }
    let first = earlier.last?.stage.steps.upperBound ?? 0
    self.init(
      batches: batches, objectives: configuration.objectives,
      classifier: configuration.classification.classifier(
        speakers: batches.corpus.speakers.count, seed: configuration.seed),
      weighting: GradientWeighting(configuration.weighting, seed: configuration.seed),
      schedules: Schedules(
        learningRate: configuration.learningRateSchedule, margin: configuration.marginSchedule,
        attentionWarmup: configuration.contrastive.attention.warmup, from: first),
      stage: TrainingStage(
        number: earlier.count + 1, of: count, steps: first..<first + configuration.training.steps),
      seed: configuration.seed
    ) { [settings = configuration.optimizer] in settings.optimizer($0) }
    weightCourse = WeightCourse(every: configuration.weighting.every, smoothing: configuration.weighting.smoothing)
    gradientNorm = configuration.optimizer.gradientNorm
    sharesBatchStatistics = configuration.encoder.batchNormalization == .global
    microBatches = configuration.batch.microBatches
    self.precision = precision
    groups = try ParameterGroups(configuration, encoder)
    average = configuration.training.average.rule
  }
}

extension TrainingPlan {
  /// The beginning of the batches that follow this stage's.
  fileprivate var end: SpeakerBatchSampler.Start {
    let steps = stage.steps
    return .init(step: steps.upperBound, epoch: batches.sampler.position(of: steps.upperBound - 1).epoch + 1)
  }
}

extension BatchSource {
  /// - Parameters:
  ///   - recorded: the corpus without copies at other speeds.
  ///   - plan: the plan of the stage before, whose last epoch ends with it.
  fileprivate init(_ configuration: Configuration, recorded: Corpus, after plan: TrainingPlan?) throws {
    let corpus = try TrainingPlan.voices(configuration.augmentation.speed, recorded)
    let batch = configuration.batch
    let sampler = try SpeakerBatchSampler(
      corpus: corpus, speakers: batch.speakers, utterances: batch.utterances, views: batch.views,
      draw: batch.draw, sessions: batch.sessions, seed: configuration.seed, from: plan?.end ?? .init())
    self.init(
      corpus: corpus, sampler: sampler,
      loader: BatchLoader(
        corpus: corpus, sampler: sampler, filterBank: FilterBank(configuration.features),
        augmentation: try Augmentation(configuration.augmentation, corpus: recorded),
        segment: configuration.views.segment,
        augmentedViews: configuration.views.augmented, filling: configuration.crop.short,
        seconds: configuration.crop.seconds, seed: configuration.seed),
      cropLengths: CropLengths(configuration.crop.lengths, seed: configuration.seed), unit: batch.unit)
  }
}

extension Configuration {
  /// The losses that train the encoder, under the names that their settings have.
  fileprivate var objectives: [any Objective] {
    let attention = contrastive.attention
    return [
      AdditiveAngularMarginSoftmax(
        name: "classification", form: classification.loss, scale: classification.scale,
        interTopK: classification.interTopK.count, interTopKMargin: classification.interTopK.margin),
      SupervisedContrastiveLoss(
        name: "contrastive", temperature: contrastive.temperature,
        margin: AngularMargin(form: contrastive.margin.form, value: contrastive.margin.value),
        denominator: contrastive.margin.denominator,
        attention: ClassAwareAttention(
          mode: attention.mode, scale: attention.scale ?? classification.scale, normalize: attention.normalize,
          stopGradient: attention.stopGradient)),
    ]
  }
}

extension Configuration.Classification {
  /// The classifier of so many speakers.
  fileprivate func classifier(speakers: Int, seed: UInt64) -> any Classifier {
    let sampling = sampling < 1 ? SpeakerSampling(share: sampling, seed: seed) : nil
    return sharded
      ? ShardedClassifier(speakers: speakers, subcenters: subcenters, sampling: sampling)
      : PrototypeClassifier(speakers: speakers, subcenters: subcenters)
  }
}

extension GradientWeighting {
  fileprivate init(_ settings: Configuration.Weighting, seed: UInt64) {
    func combination(_ solver: any GradientSolver) -> GradientWeighting {
      settings.space == .parameters ? .parameters(solver) : .representation(solver)
    }
    self =
      switch settings.method {
      case .minNorm: combination(MinNormSolver(normalization: settings.normalization, floor: settings.floor))
      case .pcgrad: combination(GradientSurgery())
      case .cagrad: combination(ConflictAverseSolver(radius: settings.radius))
      case .nash: combination(NashBargainingSolver())
      case .fixed: .fixed(["classification": settings.classification, "contrastive": settings.contrastive])
      case .uncertainty: .uncertainty
      case .random: .random(seed: seed)
      }
  }
}

extension Configuration.Training.Average {
  fileprivate var rule: MovingAverage.Rule? { decay.map { MovingAverage.Rule(decay: $0, from: from) } }
}

extension Configuration.Optimizer {
  fileprivate func optimizer(_ layout: ParameterLayout) -> any Optimizer {
    switch type {
    case .sgd:
      SGD(layout, momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
    case .adam, .adamw:
      Adam(
        layout, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, decoupled: type == .adamw)
    }
  }
}
