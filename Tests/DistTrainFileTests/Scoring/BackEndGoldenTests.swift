import DistTrain
import TestTools
import Testing

/// Back ends beside the golden values of `scripts/oracle/back_ends.py`.
@Suite struct BackEndGoldenTests {
  /// The largest difference by the largest size, of which single precision leaves seven digits.
  private func distance(_ scores: [Float], _ expected: [Double]) -> Double {
    precondition(scores.count == expected.count, "\(scores.count) scores, \(expected.count) expected")
    let size = expected.map { abs($0) }.max() ?? 1
    return (zip(scores, expected).map { abs(Double($0) - $1) }.max() ?? .infinity) / size
  }

  @Test func `scores of every kind of back end equal the golden ones`() throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      #expect(golden.record.cases.count == 8)
      for one in golden.record.cases {
        let backEnd = try golden.recipe(one).fitted(to: golden.training)
        let scores = try backEnd.scores(of: golden.list, golden.trials)
        let found = distance(scores, one.scores)
        #expect(found < 3e-6, "\(one.name): \(found)")
      }
    }
  }

  @Test func `the ratios of a calibration with all measures equal the golden ones`() throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      let fit = try #require(golden.record.calibrations.last)
      #expect(fit.weights.count == 1 + 4 * QualityMeasure.allCases.count)
      let backEnd = try golden.backEnd("as-norm").calibrated(
        on: golden.list, golden.trials, prior: fit.prior, qualities: QualityMeasure.allCases,
        durations: golden.durations)
      let scores = try backEnd.scores(of: golden.list, golden.trials, durations: golden.durations)
      #expect(distance(scores, fit.ratios) < 1e-5)
      #expect(
        backEnd.words
          == "cosine, AS-norm by 7 of 24 speakers, calibrated with durations and magnitudes and cohort-means")
      let lacking = failure { _ = try backEnd.scores(of: golden.list, golden.trials) }
      #expect(lacking?.kind == .usage && lacking?.message.contains("--utt2dur") == true)
    }
  }

  @Test func `what passes over many vectors or trials is counted to its end`() throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      let one = try #require(golden.record.cases.first { $0.name == "as-norm" })
      let fitted = CountedWork()
      _ = try golden.recipe(one).fitted(to: golden.training, counting: fitted.counting)
      #expect(fitted.works.isEmpty)
      var recipe = golden.recipe(one)
      recipe.scoring = .plda
      recipe.lda = 3
      _ = try recipe.fitted(to: golden.training, counting: fitted.counting)
      #expect(fitted.works.map(\.things) == [String](repeating: "dimensions of the covariances summed", count: 2))
      #expect(fitted.works.allSatisfy { $0.done == $0.count && $0.isOver } && fitted.works.last?.count == 3)
      let scored = CountedWork()
      let backEnd = try golden.backEnd("as-norm")
      let scores = try SoleCommunicator.run {
        try backEnd.scores(
          of: golden.list, golden.trials, durations: nil, communicator: $0, counting: scored.counting)
      }
      #expect(scores.count == golden.list.trials.count)
      #expect(scored.works.map(\.things) == ["enrolments and tests compared with the cohort", "trials scored"])
      #expect(scored.works.allSatisfy { $0.done == $0.count && $0.isOver } && scored.works.last?.count == scores.count)
      // A rank of two counts its half as both.
      let shared = try ThreadCommunicator.run(ranks: 2) { communicator in
        let shown = CountedWork()
        _ = try backEnd.scores(
          of: golden.list, golden.trials, durations: nil, communicator: communicator, counting: shown.counting)
        return shown.works.last
      }
      for work in shared { #expect(abs((work?.done ?? 0) - scores.count) <= 1) }
    }
  }

  @Test(arguments: [2, 3, 7]) func `any number of ranks gives the bits of one`(ranks: Int) throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      for one in golden.record.cases {
        let backEnd = try golden.recipe(one).fitted(to: golden.training)
        let alone = try backEnd.scores(of: golden.list, golden.trials)
        let together = try ThreadCommunicator.run(ranks: ranks) {
          try backEnd.scores(of: golden.list, golden.trials, durations: nil, communicator: $0)
        }
        #expect(together.allSatisfy { $0 == alone }, "\(one.name)")
      }
    }
  }

  @Test func `a test of which the middle is heard is as long as that for the calibration`() throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      let fit = try #require(golden.record.calibrations.last)
      let backEnd = try golden.backEnd("cosine").calibrated(
        on: golden.list, golden.trials, prior: fit.prior, qualities: [.durations], durations: golden.durations)
      let whole = try backEnd.scores(of: golden.list, golden.trials, durations: golden.durations)
      var trials = golden.trials
      trials.longestTest = 1000
      #expect(try backEnd.scores(of: golden.list, trials, durations: golden.durations) == whole)
      trials.longestTest = 1.25
      // The same lengths in a list of their own, which only the tests e20 to e39 are in.
      let cut = golden.record.seconds.enumerated().map { "e\($0) \($0 < 20 ? $1 : min($1, 1.25))\n" }
      try write(cut.joined(), to: folder + "/cut")
      let expected = try backEnd.scores(of: golden.list, golden.trials, durations: UtteranceDurations(folder + "/cut"))
      let found = try backEnd.scores(of: golden.list, trials, durations: golden.durations)
      #expect(found == expected && found != whole)
    }
  }

  @Test func `scores are of the enrolments' own file where there is one, and threads change no bit`() throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      let backEnd = try golden.backEnd("plda with as-norm")
      let scores = try backEnd.scores(of: golden.list, golden.trials)
      let all = try Golden("back-ends").matrix("evaluation")
      func part(_ rows: Range<Int>) throws -> Embeddings {
        let vectors = Matrix(
          rows: rows.count, columns: all.columns,
          rows.flatMap { row in
            (0..<all.columns).map { all[row, $0] }
          })
        return try Embeddings(names: rows.map { "e\($0)" }, vectors: vectors, encoder: "golden")
      }
      ThreadTeam.shared.grow(to: 3)
      let apart = try TrialEmbeddings(
        part(20..<40), enrolments: part(0..<20), map: EnrolmentMap.read(folder + "/enroll.map"))
      #expect(try backEnd.scores(of: golden.list, apart) == scores)
      let lacking = try TrialEmbeddings(part(20..<40))
      let told = failure { _ = try backEnd.scores(of: golden.list, lacking) }
      #expect(told?.message.hasPrefix("trials, line 1: utterance e0 has no embedding") == true)
    }
  }

  @Test func `a cosine back end without normalisation scores as TrialScorer does`() throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      let vectors = try Golden("back-ends").matrix("evaluation")
      let own = try Embeddings(names: (0..<40).map { "e\($0)" }, vectors: vectors)
      let mean = try Embeddings(
        names: (0..<golden.record.counts.reduce(0, +)).map { "t\($0)" }, vectors: Golden("back-ends").matrix("train")
      ).mean
      let all = try EnrolmentMap.read(folder + "/enroll.map").adding(to: own)
      let scores = try golden.backEnd("cosine").scores(of: golden.list, golden.trials)
      #expect(try TrialScorer(all, mean: mean).scores(of: golden.list) == scores)
    }
  }
}
