/// What a run trains on and how: the configuration's settings as the things they stand for.
package struct TrainingPlan {
  package let corpus: Corpus
  package let sampler: SpeakerBatchSampler
  package let loader: BatchLoader
  package let cropLengths: CropLengths
  /// What the settings made of the corpus that may not be what was meant: a line each.
  package let notes: [String]
  package let objectives: BatchObjectives
  package let weighting: GradientWeighting
  package let learningRate: LearningRateSchedule
  package let margin: MarginSchedule
  /// Steps over which attention comes to its own weights.
  package let attentionWarmup: Int
  /// Longest gradient, for the encoder and for the prototypes each; nil clips nothing.
  package let gradientNorm: Double?
  /// Whether batch statistics are taken over all ranks.
  package let sharesBatchStatistics: Bool
  /// Rows that stay together on a rank: sums over the batch are made of theirs.
  package let unit: Int
  /// Of the encoder's products.
  package let precision: Precision
  package let steps: Int
  package let seed: UInt64
  private let optimizerSettings: Configuration.Optimizer

  /// - Throws: `Failure` where the corpus does not fit the settings, or a folder of noise or rooms is of no use.
  package init(_ configuration: Configuration, corpus whole: Corpus) throws {
    let recorded = try Self.lasting(configuration.corpus, whole)
    let corpus = try Self.voices(configuration.augmentation.speed, recorded)
    self.corpus = corpus
    let batch = configuration.batch
    sampler = try SpeakerBatchSampler(
      corpus: corpus, speakers: batch.speakers, utterances: batch.utterances, views: batch.views,
      draw: batch.draw, sessions: batch.sessions, seed: configuration.seed)
    cropLengths = CropLengths(configuration.crop.lengths, seed: configuration.seed)
    notes = Self.notes(configuration, whole: whole, recorded: recorded, sampler)
    loader = BatchLoader(
      corpus: corpus, sampler: sampler, filterBank: FilterBank(configuration.features),
      augmentation: try Augmentation(configuration.augmentation, corpus: recorded),
      segment: configuration.views.segment,
      augmentedViews: configuration.views.augmented, filling: configuration.crop.short,
      seconds: configuration.crop.seconds, seed: configuration.seed)
    let encoder = configuration.network
    try Self.checkParameters(configuration, encoder, speakers: corpus.speakers.count)
    let least = encoder.minimumFrames
    guard loader.frames >= least else {
      throw Failure(
        .usage,
        "crop.seconds: \(configuration.crop.seconds) s are \(loader.frames) frames, the encoder takes \(least) or more")
    }
    objectives = BatchObjectives(configuration)
    weighting = GradientWeighting(configuration.weighting)
    learningRate = configuration.learningRateSchedule
    margin = configuration.marginSchedule
    attentionWarmup = configuration.contrastive.attention.warmup
    gradientNorm = configuration.optimizer.gradientNorm
    sharesBatchStatistics = configuration.encoder.batchNormalization == .global
    unit = batch.unit
    precision = configuration.training.precision
    guard precision.isAvailable else {
      throw Failure(
        .usage,
        "training.precision: \(precision.rawValue) needs a CPU with AVX512-BF16, which \(hostName())'s has not: set fp32"
      )
    }
    steps = configuration.training.steps
    seed = configuration.seed
    optimizerSettings = configuration.optimizer
  }

  /// How far attention has come from 1 (0) to its own weights (1).
  func warmth(at step: Int) -> Double {
    attentionWarmup == 0 ? 1 : min(1, Double(step) / Double(attentionWarmup))
  }

  func optimizer(_ layout: ParameterLayout) -> any Optimizer {
    let settings = optimizerSettings
    switch settings.type {
    case .sgd:
      return SGD(
        layout, momentum: settings.momentum, nesterov: settings.nesterov, weightDecay: settings.weightDecay)
    case .adam, .adamw:
      return Adam(
        layout, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
        weightDecay: settings.weightDecay, decoupled: settings.type == .adamw)
    }
  }
}

extension BatchObjectives {
  package init(_ configuration: Configuration) {
    let classification = configuration.classification
    let contrastive = configuration.contrastive
    let attention = contrastive.attention
    self.init(
      softmax: AdditiveAngularMarginSoftmax(
        form: classification.loss, scale: classification.scale, interTopK: classification.interTopK.count,
        interTopKMargin: classification.interTopK.margin),
      subcenters: classification.subcenters,
      contrastive: SupervisedContrastiveLoss(
        temperature: contrastive.temperature,
        margin: AngularMargin(form: contrastive.margin.form, value: contrastive.margin.value),
        denominator: contrastive.margin.denominator,
        attention: ClassAwareAttention(
          mode: attention.mode, scale: attention.scale ?? classification.scale, normalize: attention.normalize,
          stopGradient: attention.stopGradient)))
  }
}

extension GradientWeighting {
  package init(_ settings: Configuration.Weighting) {
    switch settings.method {
    case .fixed:
      self = .fixed([settings.classification, settings.contrastive])
    case .minNorm:
      let solver = MinNormSolver(normalization: settings.normalization)
      self = settings.space == .parameters ? .parameters(solver) : .representation(solver)
    }
  }
}
