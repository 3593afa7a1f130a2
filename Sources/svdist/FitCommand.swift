import ArgumentParser
import DistTrain

/// `svdist fit`: a back end for the embeddings of an encoder.
struct FitCommand: EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fits a back end, which makes scores of embeddings, to a training set.",
    discussion: """
      The back end subtracts the training set's mean, projects by LDA where asked, scales to length 1, compares by cosine \
      or by two-covariance PLDA, normalises scores by a cohort and calibrates them to natural log-likelihood ratios. \
      svdist score and svdist evaluate --back-end apply it.

        svdist fit --embeddings train.ark --speakers data/train --output back-end.safetensors

      makes cosines with AS-norm over the training set's speakers, as wespeaker does. With --calibration, trials with \
      answers follow, whose speakers are best in neither the training set nor the final trials.
      """)

  @Option(help: ArgumentHelp("The embeddings of the training set, by svdist embed.", valueName: "file"))
  var embeddings: String

  @Option(
    help: ArgumentHelp("Their speakers: utt2spk, or a data directory that has one.", valueName: "file|folder"))
  var speakers: String

  @Option(help: "What compares two embeddings.")
  var scoring = BackEnd.Scoring.cosine

  @Option(
    help: ArgumentHelp(
      "Project to so many dimensions by LDA (default: none for cosine; for plda "
        + "\(BackEndRecipe.usualLDA), or as many as there are).",
      valueName: "dimensions"))
  var lda: Int?

  @Option(
    help: ArgumentHelp(
      "Adapt PLDA to embeddings of the kind that is scored, without their speakers, as Kaldi's ivector-adapt-plda does.",
      valueName: "file"))
  var adapt: String?

  @Option(help: "How scores are normalised by a cohort's.")
  var normalization = BackEnd.Normalization.adaptive

  @Option(
    help: ArgumentHelp(
      "as-norm takes so many of a side's highest scores against the cohort (default: \(BackEndRecipe().top)).",
      valueName: "count"))
  var top: Int?

  @Option(help: "What the cohort's vectors are: speakers' mean embeddings, or single utterances.")
  var cohort = Cohort.Kind.speakers

  @Option(help: ArgumentHelp("Embeddings for the cohort, instead of the training set's.", valueName: "file"))
  var cohortEmbeddings: String?

  @Option(
    help: ArgumentHelp("The speakers of --cohort-embeddings, where --speakers lacks them.", valueName: "file|folder"))
  var cohortSpeakers: String?

  @OptionGroup var calibration: CalibrationOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The .safetensors file to write, or with --encoder a name.", valueName: "file|name"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "The encoder beside which a back end that --output names is kept, in back-ends: a run folder, a checkpoint or its "
        + "model.safetensors.",
      valueName: "path"))
  var encoder: String?

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    try OptionRange.check("--top", top, in: 2...10_000_000)
    try OptionRange.check("--lda", lda, in: 1...1_000_000)
    if adapt != nil, scoring != .plda { throw ValidationError("--adapt: is for --scoring plda") }
    if normalization == .none, cohortEmbeddings != nil {
      throw ValidationError("--cohort-embeddings: is for a normalization: leave it out with --normalization none")
    }
    if cohortSpeakers != nil, cohortEmbeddings == nil {
      throw ValidationError("--cohort-speakers: tells the speakers of --cohort-embeddings: give both")
    }
    if normalization != .adaptive, top != nil {
      throw ValidationError("--top: is for --normalization as-norm: leave it out with \(normalization.rawValue)")
    }
    if normalization == .none, calibration.qualities.contains(.cohortMeans) {
      throw ValidationError("--qualities cohort-means: there is no cohort with --normalization none")
    }
  }

  func run() throws {
    ThreadTeam.shared.grow(to: Machine.threads(SoleCommunicator()))
    let output = try place()
    let speakers = try UtteranceSpeakers(speakers)
    let embeddings = try EmbeddingFile.read(embeddings)
    try checkEncoder(of: embeddings)
    let set = try BackEndRecipe.TrainingSet(embeddings, speakers)
    let recipe = try recipe(embeddings, speakers)
    var backEnd = try recipe.fitted(to: set, counting: messages.counting())
    messages.note(backEnd.remark)
    backEnd = try calibration.calibrated(backEnd, by: embeddings, messages)
    try BackEndFile.write(backEnd, to: output)
    print("\(backEnd.words), fitted to \(set.words), in \(output)".shown)
  }

  /// Checks that a back end which is kept beside an encoder is of its embeddings.
  private func checkEncoder(of embeddings: Embeddings) throws {
    guard let encoder, let own = embeddings.encoder else { return }
    let identity = try TrainedEncoder(Embedding.file(of: encoder, messages)).identity
    guard identity == own else {
      throw Failure(
        .usage,
        "--encoder \(encoder): the embeddings of \(self.embeddings) are of another encoder (\(own.prefix(12))) than this one "
          + "(\(identity.prefix(12))): embed with it")
    }
  }

  /// The file to write, whose folder beside an encoder is made.
  private func place() throws -> String {
    let path = try BackEndFile.path(output, besideEncoder: encoder)
    var inputs = InputPaths()
    inputs.add(embeddings, "--embeddings")
    inputs.add(speakers, "--speakers")
    inputs.add(["utt2spk"], in: speakers, "--speakers")
    inputs.add(adapt, "--adapt")
    inputs.add(cohortEmbeddings, "--cohort-embeddings")
    inputs.add(cohortSpeakers, "--cohort-speakers")
    calibration.add(to: &inputs)
    inputs.add(encoder, "--encoder")
    try inputs.refuse(path, as: "--output")
    if let encoder, path != output {
      guard FileSystem.exists(encoder) else {
        throw Failure(.badData, "--encoder \(encoder): there is no such encoder")
      }
      try FileSystem.createFolder(BackEndFile.folder(besideEncoder: encoder))
    }
    try BackEndFile.check(path)
    return path
  }

  private func recipe(_ own: Embeddings, _ speakers: UtteranceSpeakers) throws -> BackEndRecipe {
    var recipe = BackEndRecipe()
    recipe.scoring = scoring
    recipe.lda = lda
    recipe.normalization = normalization
    recipe.top = top ?? recipe.top
    recipe.cohortKind = cohort
    recipe.target = try adapt.map { try Self.read($0, "--adapt", like: own, messages) }
    recipe.cohortSet = try cohortEmbeddings.map { path in
      let cohort = try Self.read(path, "--cohort-embeddings", like: own, messages)
      return try BackEndRecipe.TrainingSet(cohort, try cohortSpeakers.map { try UtteranceSpeakers($0) } ?? speakers)
    }
    return recipe
  }

  /// Reads embeddings of the training set's encoder.
  static func read(
    _ path: String, _ option: String, like own: Embeddings, _ messages: MessageOptions
  ) throws -> Embeddings {
    let others = try EmbeddingFile.read(path)
    guard others.vectors.columns == own.vectors.columns else {
      throw Failure(
        .badData,
        "\(option) \(path): embeddings of \(others.vectors.columns.counted("dimension")), those of --embeddings have "
          + "\(own.vectors.columns): embed both with the same encoder")
    }
    messages.note(
      try BackEnd.compare(others.encoder, "\(option) \(path)", with: own.encoder, "those of --embeddings"))
    return others
  }
}

extension BackEnd.Scoring: ExpressibleByArgument {}
extension BackEnd.Normalization: ExpressibleByArgument {}
extension Cohort.Kind: ExpressibleByArgument {}
extension QualityMeasure: ExpressibleByArgument {}
