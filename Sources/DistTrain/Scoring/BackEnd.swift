/// How scores are made of embeddings: what is done to the embeddings, what compares them, how the scores are normalised
/// and how they become likelihood ratios. It is fitted to the embeddings of one encoder.
package struct BackEnd: Sendable {
  /// What compares two embeddings.
  package enum Scoring: String, Sendable, Codable, CaseIterable {
    case cosine, plda
  }

  /// How scores are normalised by those against a cohort.
  package enum Normalization: String, Sendable, Codable, CaseIterable {
    case none
    /// By all scores against the cohort (Kenny 2010).
    case symmetric = "s-norm"
    /// By each side's highest scores against the cohort (Matějka and others, "Analysis of score normalization in
    /// multilingual speaker recognition", 2017).
    case adaptive = "as-norm"
  }

  /// The identity of the encoder of the embeddings; nil where it is not known.
  package let encoder: String?
  let transform: EmbeddingTransform
  /// The model whose log-likelihood ratios are the scores; nil for cosines.
  package let plda: PLDA?
  /// The cohort; nil where scores are not normalised.
  let cohort: Cohort?
  let cohortKind: Cohort.Kind
  /// How many of a side's highest scores against the cohort count; nil for all.
  let top: Int?
  /// The map from scores to log-likelihood ratios; nil where scores stay as they are.
  package var calibration: Calibration?

  /// The number of dimensions of the embeddings.
  package var dimensions: Int { transform.mean.count }
  package var scoring: Scoring { plda == nil ? .cosine : .plda }
  var normalization: Normalization { cohort == nil ? .none : top == nil ? .symmetric : .adaptive }

  /// Whether scores take the lengths of utterances.
  package var takesDurations: Bool { calibration?.qualities.contains(.durations) == true }

  /// The steps in a few words.
  package var words: String {
    var words = [scoring == .cosine ? "cosine" : "PLDA"]
    if let projection = transform.projection { words.append("LDA to \(projection.rows)") }
    if let cohort {
      let count = min(top ?? cohort.vectors.rows, cohort.vectors.rows)
      words.append("\(top == nil ? "S-norm" : "AS-norm") by \(count) of \(cohort.vectors.rows) \(cohortKind.rawValue)")
    }
    if let calibration {
      let measures = calibration.qualities.map(\.rawValue).joined(separator: " and ")
      words.append("calibrated" + (measures.isEmpty ? "" : " with \(measures)"))
    }
    return words.joined(separator: ", ")
  }

  /// A line where the cohort has fewer vectors than are to count; nil where it has as many.
  package var remark: String? {
    guard let cohort, let top, cohort.vectors.rows < top else { return nil }
    return "the cohort has \(cohort.vectors.rows) \(cohortKind.rawValue), fewer than the \(top) of --top: all of them "
      + "count, as in s-norm"
  }
}

extension BackEnd {
  /// Checks that embeddings are such as the back end was fitted to.
  /// - Parameter words: what names the embeddings to the user, such as `--embeddings FILE`.
  /// - Returns: a line where it is not known whether they are of the same encoder; nil where it is.
  /// - Throws: `Failure(.badData)` for other dimensions, `Failure(.usage)` for another encoder.
  package func check(_ embeddings: Embeddings, _ words: String) throws -> String? {
    try check(dimensions: embeddings.vectors.columns, encoder: embeddings.encoder, words)
  }

  /// Checks embeddings, which need not be there yet, as the other `check` does.
  package func check(dimensions: Int, encoder theirs: String?, _ words: String) throws -> String? {
    guard dimensions == self.dimensions else {
      throw Failure(
        .badData,
        "\(words): embeddings of \(dimensions.counted("dimension")), the back end is for \(self.dimensions): embed "
          + "with its encoder"
      )
    }
    return try Self.compare(theirs, words, with: encoder, "the back end's")
  }

  /// Compares the encoder of some embeddings with another one, as `check` does.
  package static func compare(
    _ theirs: String?, _ words: String, with encoder: String?, _ others: String
  ) throws -> String? {
    guard let theirs, let encoder else {
      return "\(words): it is not known whether its embeddings are of the same encoder as \(others)"
    }
    guard theirs == encoder else {
      throw Failure(
        .usage,
        "\(words): its embeddings are of another encoder (\(theirs.prefix(12))) than \(others) (\(encoder.prefix(12))): "
          + "embed them with the same one")
    }
    return nil
  }

  /// Checks that no speaker of some trials is in the cohort, who would be compared with themselves.
  /// - Parameter utterances: those of the trials; ones whose speakers are not known pass.
  /// - Returns: a line about those whose speakers are not known; nil where all are.
  /// - Throws: `Failure(.usage)` that names a speaker, `Failure(.badData)` where no utterance's speaker is known.
  package func checkCohort(_ utterances: [String], _ speakers: UtteranceSpeakers) throws -> String? {
    let own = utterances.compactMap { speakers.speaker(of: $0) }
    guard !own.isEmpty || utterances.isEmpty else {
      throw Failure(
        .badData,
        "\(speakers.path): tells the speaker of none of the trials' \(utterances.count) utterances: name the list of "
          + "their speakers")
    }
    guard let shared = cohort?.first(of: own) else {
      let unknown = utterances.count - own.count
      return unknown == 0
        ? nil
        : "\(speakers.path): tells no speaker of \(unknown) of the trials' \(utterances.count) utterances, which may be of "
          + "speakers in the cohort"
    }
    throw Failure(
      .usage,
      "speaker \(shared) of the trials is in the back end's cohort, which is to be of others: fit one without them, or "
        + "say --allow-overlap")
  }
}
