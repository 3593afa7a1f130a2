import DistTrain
import TestTools
import Testing

/// Sets that are too small or too odd for a step.
@Suite struct BackEndRecipeTests {
  /// A training set of so many speakers of so many utterances.
  private func set(_ speakers: Int, _ utterances: Int, dimensions: Int = 4) throws -> BackEndRecipe.TrainingSet {
    try withScratchFolder { folder in
      var stream = RandomStream(seed: 5, purpose: .test)
      let names = (0..<speakers * utterances).map { "s\($0 / utterances)-\($0)" }
      try write(names.map { "\($0) \($0.prefix { $0 != "-" })\n" }.joined(), to: folder + "/utt2spk")
      let vectors = Matrix(
        rows: names.count, columns: dimensions, (0..<names.count * dimensions).map { _ in Float(stream.normal()) })
      return try BackEndRecipe.TrainingSet(
        Embeddings(names: names, vectors: vectors), UtteranceSpeakers(folder + "/utt2spk"))
    }
  }

  private func failing(
    _ set: BackEndRecipe.TrainingSet, _ change: (inout BackEndRecipe) -> Void
  ) -> Failure? {
    var recipe = BackEndRecipe()
    change(&recipe)
    return failure { _ = try recipe.fitted(to: set) }
  }

  @Test func `speakers that are too few for a step are told with what to do`() throws {
    let one = failing(try set(1, 9)) { _ in }
    #expect(one?.kind == .badData && one?.message.contains("a cohort of one vector") == true)
    let wide = failing(try set(3, 9)) { $0.lda = 3 }
    #expect(
      wide?.message.contains("--lda 3: 3 speakers, whose utterances differ in 4 of 4 directions, have at most 2")
        == true)
    let single = failing(try set(9, 1)) { $0.lda = 2 }
    #expect(single?.message.contains("the utterances of each speaker have equal embeddings, or a single one") == true)
    let short = failing(try set(5, 1)) { $0.scoring = .plda }
    #expect(short?.kind == .badData)
  }

  @Test func `PLDA takes fewer dimensions by itself where there are fewer, and a cohort that is small is told`() throws
  {
    let set = try set(6, 5)
    var recipe = BackEndRecipe()
    recipe.scoring = .plda
    let backEnd = try recipe.fitted(to: set)
    #expect(backEnd.words == "PLDA, LDA to 4, AS-norm by 6 of 6 speakers")
    #expect(backEnd.remark?.hasPrefix("the cohort has 6 speakers, fewer than the 300 of --top") == true)
    recipe.top = 6
    #expect(try recipe.fitted(to: set).remark == nil)
  }

  @Test func `an utterance without a speaker is named`() throws {
    try withScratchFolder { folder in
      try write("a s\n", to: folder + "/utt2spk")
      let embeddings = try Embeddings(names: ["a", "b"], vectors: Matrix(rows: 2, columns: 1, [1, 2]))
      let told = failure { _ = try BackEndRecipe.TrainingSet(embeddings, UtteranceSpeakers(folder)) }
      #expect(told?.message.hasPrefix("\(folder)/utt2spk: tells no speaker of utterance b") == true)
      #expect(failure { _ = try UtteranceSpeakers(folder + "/none") }?.kind == .badData)
    }
  }

  @Test func `speakers of the trials in the cohort are named`() throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      try write((0..<40).map { "e\($0) \($0 == 33 ? "s7" : "v\($0)")\n" }.joined(), to: folder + "/others")
      let backEnd = try golden.backEnd("as-norm")
      let utterances = try golden.trials.utterances(of: golden.list)
      // Sixteen enrolments of one utterance, one of three, and twenty tests.
      #expect(utterances.count == 16 + 3 + 20)
      let told = failure {
        _ = try backEnd.checkCohort(utterances, UtteranceSpeakers(folder + "/others"))
      }
      #expect(
        told?.kind == .usage && told?.message.hasPrefix("speaker s7 of the trials is in the back end's cohort") == true)
      try write((0..<40).map { "e\($0) v\($0)\n" }.joined(), to: folder + "/others")
      #expect(try backEnd.checkCohort(utterances, UtteranceSpeakers(folder + "/others")) == nil)
      let more = utterances + ["somebody"]
      let note = try backEnd.checkCohort(more, UtteranceSpeakers(folder + "/others"))
      #expect(note?.contains("tells no speaker of 1 of the trials' \(more.count) utterances") == true)
      let none = failure { _ = try backEnd.checkCohort(["somebody"], UtteranceSpeakers(folder + "/others")) }
      #expect(none?.kind == .badData && none?.message.contains("speaker of none of the trials' 1 utterances") == true)
    }
  }
}
