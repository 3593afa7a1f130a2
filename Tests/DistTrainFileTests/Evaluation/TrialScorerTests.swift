import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct TrialScorerTests {
  private let list = TrialList(
    path: "trials", names: ["a", "b", "c"],
    trials: [
      .init(enrolment: 0, test: 1, isTarget: true), .init(enrolment: 0, test: 2, isTarget: false),
      .init(enrolment: 2, test: 2, isTarget: true),
    ])

  @Test func `scores are cosines`() throws {
    let embeddings = try Embeddings(
      names: ["c", "x", "b", "a"], vectors: Matrix(rows: 4, columns: 2, [0, -2, 9, 9, 30, 40, 0.5, 0]))
    let scores = try TrialScorer(embeddings).scores(of: list)
    #expect(zip(scores, [0.6, 0, 1]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func `ranks share the trials, and the first trial without an embedding is told`() throws {
    let embeddings = try Embeddings(
      names: ["c", "x", "b", "a"], vectors: Matrix(rows: 4, columns: 2, [0, -2, 9, 9, 30, 40, 0.5, 0]))
    let scorer = try TrialScorer(embeddings)
    let alone = try scorer.scores(of: list)
    let lacking = try TrialScorer(Embeddings(names: ["a"], vectors: Matrix(rows: 1, columns: 2, [1, 0])))
    for ranks in 1...4 {
      let together = try ThreadCommunicator.run(ranks: ranks) { communicator in
        let told = failure { _ = try lacking.scores(of: list, communicator: communicator) }
        return (try scorer.scores(of: list, communicator: communicator), told?.message)
      }
      for (scores, told) in together {
        #expect(scores == alone)
        #expect(told == "trials, line 1: utterance b has no embedding")
      }
    }
  }

  @Test func `a mean is subtracted before`() throws {
    let embeddings = try Embeddings(names: ["a", "b", "c"], vectors: Matrix(rows: 3, columns: 2, [2, 1, 4, 5, 1, 2]))
    #expect(embeddings.mean == [Float(7.0 / 3), Float(8.0 / 3)])
    let scores = try TrialScorer(embeddings, mean: [1, 1]).scores(of: list)
    #expect(zip(scores, [0.6, 0, 1]).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(failure { _ = try TrialScorer(embeddings, mean: [1]) }?.message.contains("1 dimension,") == true)
  }

  @Test func `an embedding of zeros scores 0, one that is not finite is told`() throws {
    let zeros = try Embeddings(names: ["a", "b", "c"], vectors: Matrix(rows: 3, columns: 2, [0, 0, 4, 5, 0, 0]))
    #expect(try TrialScorer(zeros).scores(of: list) == [0, 0, 0])
    let bad = try Embeddings(names: ["a", "b", "c"], vectors: Matrix(rows: 3, columns: 2, [0, 0, .nan, 5, 0, 0]))
    #expect(failure { _ = try TrialScorer(bad) }?.message == "the embedding of b is not finite")
  }

  @Test func `a trial of an unknown utterance is told by list, line and name`() throws {
    let embeddings = try Embeddings(names: ["a", "b"], vectors: Matrix(rows: 2, columns: 1, [1, 1]))
    let scorer = try TrialScorer(embeddings)
    let failure = failure { _ = try scorer.scores(of: list) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message == "trials, line 2: utterance c has no embedding")
  }

  @Test func `scores are written with five decimals and the answer`() throws {
    try withScratchFolder { folder in
      try TrialScorer.write([0.123456, -1, 0.000006], of: list, to: folder + "/scores")
      #expect(try read(folder + "/scores") == "a b 0.12346 target\na c -1.00000 nontarget\nc c 0.00001 target\n")
    }
  }

  @Test func `scores take the place of scores, and of nothing else`() throws {
    try withScratchFolder { folder in
      let place = folder + "/scores"
      for scores in [[Float(0.123456), -1, 0.5], [-0.00001, 1e20, 0]] {
        try TrialScorer.check(place)
        try TrialScorer.write(scores, of: list, to: place)
      }
      try TrialScorer.check(place)
      for text in ["", "a b 0.12346\n", "a b -1.00000 target\nthesis\n"] {
        try write(text, to: place)
        try TrialScorer.check(place)
      }
      for text in [
        "a b target\n", "1 a b\n", "a b 1\n", "a b 0.12346 yes\n", "a 0.12346\n", "a b c.12346\n", "a b 0.123460\n",
        "a [ 0.12346 ]\n", "s0-u0 /corpus/s0/u0.wav\n", "\n",
      ] {
        try write(text, to: place)
        let refusal = failure { try TrialScorer.check(place) }
        #expect(refusal?.kind == .usage && refusal?.message.contains("holds no scores") == true, "\(text)")
      }
    }
  }

  @Test func `the origin of scores is beside them, of these very scores`() throws {
    try withScratchFolder { folder in
      let place = folder + "/scores"
      #expect(TrialScorer.places(of: place) == [place, place + ".origin"])
      let origin = ScoreOrigin(kind: "cosine", encoder: "abc", backEnd: nil)
      try TrialScorer.write([1, 0.5, 0], of: list, to: place, origin: origin)
      #expect(try read(place) == "a b 1.00000 target\na c 0.50000 nontarget\nc c 0.00000 target\n")
      #expect(try ScoreOrigin.of(scores: place) == origin)
      try TrialScorer.check(place)
      try TrialScorer.write([1, 0.25, 0], of: list, to: place)
      #expect(try ScoreOrigin.of(scores: place) == nil)
      try TrialScorer.write([1, 0.25, 0], of: list, to: place, origin: ScoreOrigin(kind: "fusion", encoder: nil))
      #expect(try ScoreOrigin.of(scores: place)?.words == "fusion")
      try write("my notes", to: place + ".origin")
      #expect(try ScoreOrigin.of(scores: place) == nil)
      let refusal = failure { try TrialScorer.check(place) }
      #expect(refusal?.kind == .usage && refusal?.message.contains("scores.origin, which would tell") == true)
    }
  }

  @Test func `a threshold is refused for scores that are made otherwise`() throws {
    let own = ScoreOrigin(kind: "cosine", encoder: "one", backEnd: nil)
    #expect(try own.check(own, "--threshold t") == nil)
    for other in [
      ScoreOrigin(kind: "PLDA", encoder: "one", backEnd: nil),
      ScoreOrigin(kind: "cosine", encoder: "two", backEnd: nil),
      ScoreOrigin(kind: "cosine", encoder: "one", backEnd: "b"),
    ] {
      let refusal = failure { _ = try own.check(other, "--threshold t") }
      #expect(refusal?.kind == .usage)
      #expect(refusal?.message.hasPrefix("--threshold t: is of other scores (cosine, encoder one) than these") == true)
    }
    let unknown = ScoreOrigin(kind: "cosine", encoder: nil, backEnd: nil)
    #expect(try own.check(unknown, "t")?.hasPrefix("t: it is not known whether") == true)
    #expect(try unknown.check(own, "t") != nil)
  }

  @Test func `scores are rounded as printf rounds them`() throws {
    var stream = RandomStream(seed: 6, purpose: .test)
    let scores =
      (0..<2000).map { _ in Float(stream.uniform(-1.2, 1.2)) } + [0.5, -0.0, 0.0078125, 0.01171875, 123.456, 1e20]
    try withScratchFolder { folder in
      let list = TrialList(
        path: "trials", names: ["a"],
        trials: scores.map { _ in TrialList.Trial(enrolment: 0, test: 0, isTarget: true) })
      try TrialScorer.write(scores, of: list, to: folder + "/scores")
      let written = try read(folder + "/scores").split(separator: "\n").map { $0.split(separator: " ")[2] }
      #expect(written.map(String.init) == scores.map { String(format: "%.5f", Double($0)) })
    }
  }

  @Test func `an enrolment is the mean of embeddings that were not normalised`() throws {
    let embeddings = try Embeddings(names: ["a", "b"], vectors: Matrix(rows: 2, columns: 2, [1, 0, 0, 5]))
    try withScratchFolder { folder in
      try write("e a b\nf b\n", to: folder + "/enroll.map")
      let joined = try EnrolmentMap.read(folder + "/enroll.map").adding(to: embeddings)
      #expect(joined.names == ["a", "b", "e", "f"])
      #expect(joined.vectors.values == [1, 0, 0, 5, 0.5, 2.5, 0, 5])
      try write("e a c\n", to: folder + "/enroll.map")
      let map = try EnrolmentMap.read(folder + "/enroll.map")
      let failure = failure {
        _ = try map.adding(to: embeddings)
      }
      #expect(failure?.message.hasSuffix("enroll.map, line 1: utterance c has no embedding") == true)
    }
  }
}
