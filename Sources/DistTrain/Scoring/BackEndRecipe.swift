/// The steps of a back end that is to be fitted, and the sets that it is fitted to.
package struct BackEndRecipe: Sendable {
  /// Embeddings with their speakers.
  package struct TrainingSet: Sendable {
    let embeddings: Embeddings
    let groups: SpeakerGroups

    /// - Throws: `Failure(.badData)` that names an utterance whose speaker is not known, or whose embedding is not
    ///   finite.
    package init(_ embeddings: Embeddings, _ speakers: UtteranceSpeakers) throws {
      try embeddings.checkFinite()
      self.embeddings = embeddings
      groups = try SpeakerGroups(embeddings, speakers)
    }

    package var words: String {
      "\(embeddings.names.count.counted("embedding")) of \(groups.names.count) "
        + (groups.names.count == 1 ? "speaker" : "speakers")
    }
  }

  package var scoring = BackEnd.Scoring.cosine
  /// The dimensions that linear discriminant analysis keeps; nil for the usual number. Cosines usually have none of it.
  package var lda: Int?
  /// Embeddings without speakers, of the kind that is to be scored, to which PLDA is adapted; nil where it is not.
  package var target: Embeddings?
  package var normalization = BackEnd.Normalization.adaptive
  /// How many of a side's highest scores against the cohort count in adaptive normalisation.
  package var top = 300
  package var cohortKind = Cohort.Kind.speakers
  /// The set that the cohort is made of; nil for the training set.
  package var cohortSet: TrainingSet?

  /// The dimensions that linear discriminant analysis keeps before PLDA where they are not set, or fewer where there
  /// are not as many.
  package static let usualLDA = 150

  package init() {}

  /// Fits a back end to a training set.
  /// - Parameter counting: shows how much is done.
  /// - Throws: `Failure(.badData)` where the set is too small for a step.
  package func fitted(to set: TrainingSet, counting: WorkCounting = .silent) throws -> BackEnd {
    var transform = try transform(of: set, counting)
    var plda: PLDA?
    if scoring == .plda {
      let vectors = try transform.applied(to: set.embeddings.vectors, names: set.embeddings.names)
      plda = try PLDA(vectors, set.groups, counting: counting)
    }
    if let target, let model = plda {
      // Vectors of another kind are centred by their own mean.
      try target.checkFinite()
      transform.mean = target.mean
      plda = try model.adapted(to: transform.applied(to: target.vectors, names: target.names))
    }
    let source = cohortSet ?? set
    let cohort = normalization == .none ? nil : try Cohort(cohortKind, of: source.embeddings, source.groups)
    return BackEnd(
      encoder: set.embeddings.encoder, transform: transform, plda: plda, cohort: cohort, cohortKind: cohortKind,
      top: normalization == .adaptive ? top : nil)
  }

  private func transform(of set: TrainingSet, _ counting: WorkCounting) throws -> EmbeddingTransform {
    let (mean, vectors) = (set.embeddings.mean, set.embeddings.vectors)
    guard lda != nil || scoring == .plda else { return EmbeddingTransform(mean: mean, projection: nil) }
    return try EmbeddingTransform.discriminant(
      vectors, set.groups, dimensions: lda, usual: Self.usualLDA, mean: mean, counting: counting)
  }
}
