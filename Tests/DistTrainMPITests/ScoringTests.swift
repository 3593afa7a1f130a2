import DistTrain
import Foundation
import Testing

extension MPITests {
  /// Scores of ranks that share trials and cohort, beside those of one process.
  @Suite struct ScoringTests {
    /// Embeddings of speakers of four utterances each, the same on every rank.
    private static func embeddings(_ name: String, speakers: Int) throws -> Embeddings {
      var stream = RandomStream(seed: 31, purpose: .test, item: speakers)
      var (names, values): ([String], [Float]) = ([], [])
      for speaker in 0..<speakers {
        let voice = (0..<8).map { _ in stream.normal() }
        for utterance in 0..<4 {
          names.append("\(name)\(speaker)-\(utterance)")
          values += voice.map { Float($0 + 0.7 * stream.normal()) }
        }
      }
      return try Embeddings(names: names, vectors: Matrix(rows: names.count, columns: 8, values))
    }

    private static func backEnd(_ scoring: BackEnd.Scoring) throws -> BackEnd {
      let training = try embeddings("train", speakers: 40)
      let file = FileManager.default.temporaryDirectory.appending(path: "svdist-\(UUID().uuidString)")
      let lines = training.names.map { "\($0) \($0.prefix { $0 != "-" })\n" }
      try lines.joined().write(to: file, atomically: true, encoding: .utf8)
      defer { try? FileManager.default.removeItem(at: file) }
      var recipe = BackEndRecipe()
      recipe.scoring = scoring
      recipe.top = 15
      return try recipe.fitted(to: BackEndRecipe.TrainingSet(training, UtteranceSpeakers(file.path)))
    }

    @Test(arguments: BackEnd.Scoring.allCases) func `Ranks score as one process does`(scoring: BackEnd.Scoring) throws {
      let embeddings = try Self.embeddings("test", speakers: 9)
      let backEnd = try Self.backEnd(scoring)
      for tests in [embeddings.names.count, 1] {
        let trials = embeddings.names.indices.flatMap { enrolment in
          (0..<tests).map { TrialList.Trial(enrolment: enrolment, test: $0, isTarget: enrolment / 4 == $0 / 4) }
        }
        let list = TrialList(path: "trials", names: embeddings.names, trials: trials)
        let alone = try backEnd.scores(of: list, TrialEmbeddings(embeddings))
        let together = try backEnd.scores(
          of: list, TrialEmbeddings(embeddings), durations: nil, communicator: World.communicator)
        expectOnAllRanks(together == alone)
        let scorer = try TrialScorer(embeddings)
        let cosines = try scorer.scores(of: list, communicator: World.communicator)
        let expected = try scorer.scores(of: list)
        expectOnAllRanks(cosines == expected)
      }
    }

    @Test func `A trial without an embedding is told by all ranks`() throws {
      let embeddings = try Self.embeddings("test", speakers: 2)
      let list = TrialList(
        path: "trials", names: embeddings.names + ["nobody"],
        trials: (0..<9).map { TrialList.Trial(enrolment: $0, test: 0, isTarget: true) })
      var agreed: AgreedFailure?
      do {
        _ = try TrialScorer(embeddings).scores(of: list, communicator: World.communicator)
      } catch {
        agreed = error as? AgreedFailure
      }
      expectOnAllRanks(agreed?.failure.message.hasPrefix("trials, line 9: utterance nobody has no embedding") == true)
    }
  }
}
