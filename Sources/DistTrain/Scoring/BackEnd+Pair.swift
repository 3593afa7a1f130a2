extension BackEnd {
  /// What a score of this back end is called.
  package var scoreName: String {
    if calibration != nil || (plda != nil && cohort == nil) { return "log-likelihood ratio" }
    return cohort == nil ? "cosine" : "normalised score"
  }

  /// The score of a test against an enrolment of one or several recordings.
  /// - Parameters:
  ///   - enrolment: the embedding of each of its recordings.
  ///   - seconds: the lengths of the enrolment's recordings, then that of the test, for a calibration with durations.
  /// - Throws: `Failure(.usage)` where the embeddings are of another encoder, `Failure(.badData)` where there is no finite
  ///   score.
  package func score(
    enrolment: [[Float]], test: [Float], seconds: [Double], encoder: String
  ) throws -> Float {
    let names = enrolment.indices.map { "recording \($0 + 1) of the enrolment" } + ["the test's recording"]
    let vectors = Matrix(rows: names.count, columns: test.count, (enrolment + [test]).flatMap(\.self))
    let embeddings = try Embeddings(names: names, vectors: vectors, encoder: encoder)
    _ = try check(embeddings, "--back-end")
    let map = EnrolmentMap(
      path: "--enrol",
      enrolments: [EnrolmentMap.Enrolment(name: "the enrolment", utterances: Array(names.dropLast()), line: 1)])
    let list = TrialList(
      path: "the recordings", names: ["the enrolment", names[enrolment.count]],
      trials: [TrialList.Trial(enrolment: 0, test: 1, isTarget: false)])
    let durations = UtteranceDurations(Dictionary(uniqueKeysWithValues: zip(names, seconds)))
    return try scores(of: list, TrialEmbeddings(embeddings, map: map), durations: durations)[0]
  }
}
