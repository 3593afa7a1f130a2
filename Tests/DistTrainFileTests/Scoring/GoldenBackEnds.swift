import DistTrain
import TestTools

/// The sets, settings and scores of `scripts/oracle/back_ends.py`.
struct GoldenBackEnds {
  struct Record: Decodable {
    struct Case: Decodable {
      let name: String
      let scoring: String?
      let lda: Int?
      let adapted: Bool?
      let normalization: String?
      let top: Int?
      let cohort: String?
      let scores: [Double]
    }

    struct Fit: Decodable {
      let prior: Double
      let ratios: [Double]
      let offset: Double
      let weights: [Double]
    }

    let counts: [Int]
    let seconds: [Double]
    let targets: [Int]
    let cases: [Case]
    let calibrations: [Fit]
  }

  let record: Record
  let training: BackEndRecipe.TrainingSet
  let target: Embeddings
  let trials: TrialEmbeddings
  let list: TrialList
  let durations: UtteranceDurations

  /// - Parameter folder: for the lists.
  init(_ folder: String) throws {
    let golden = try Golden("back-ends")
    record = try Golden.record("back-ends", as: Record.self)
    let speakers = record.counts.enumerated().flatMap { [Int](repeating: $0, count: $1) }
    let lines = speakers.enumerated().map { "t\($0) s\($1)\n" }
    try write(lines.joined(), to: folder + "/utt2spk")
    try write(record.seconds.enumerated().map { "e\($0) \($1)\n" }.joined(), to: folder + "/utt2dur")
    try write("several e16 e17 e18\n", to: folder + "/enroll.map")
    func set(_ name: String, _ letter: String) throws -> Embeddings {
      let vectors = try golden.matrix(name)
      return try Embeddings(names: (0..<vectors.rows).map { letter + "\($0)" }, vectors: vectors, encoder: "golden")
    }
    training = try BackEndRecipe.TrainingSet(set("train", "t"), UtteranceSpeakers(folder))
    target = try set("target", "a")
    trials = try TrialEmbeddings(set("evaluation", "e"), map: EnrolmentMap.read(folder + "/enroll.map"))
    durations = try UtteranceDurations(folder + "/utt2dur")
    let names = (0..<40).map { "e\($0)" } + ["several"]
    let targets = record.targets
    list = TrialList(
      path: "trials", names: names,
      trials: (0..<17).flatMap { enrolment in
        (0..<20).map { test in
          .init(
            enrolment: enrolment < 16 ? enrolment : 40, test: 20 + test,
            isTarget: targets[20 * enrolment + test] == 1)
        }
      })
  }

  func recipe(_ one: Record.Case) -> BackEndRecipe {
    var recipe = BackEndRecipe()
    recipe.scoring = one.scoring.flatMap { BackEnd.Scoring(rawValue: $0) } ?? .cosine
    recipe.lda = one.lda
    recipe.target = one.adapted == true ? target : nil
    recipe.normalization = one.normalization.flatMap { BackEnd.Normalization(rawValue: $0) } ?? .none
    recipe.top = one.top ?? recipe.top
    recipe.cohortKind = one.cohort.flatMap { Cohort.Kind(rawValue: $0) } ?? .speakers
    return recipe
  }

  /// The back end of a case of the record.
  func backEnd(_ name: String) throws -> BackEnd {
    guard let one = record.cases.first(where: { $0.name == name }) else { throw Failure(.failed, "no case \(name)") }
    return try recipe(one).fitted(to: training)
  }
}
