import DistTrain
import TestTools
import Testing

@Suite struct CropLengthsTests {
  @Test func `a step's length is drawn between both bounds, the same whenever it is asked for`() {
    let lengths = CropLengths(2...6, seed: 1)
    let all = (0..<2000).map { lengths.seconds(step: $0) }
    #expect(all.allSatisfy { $0 >= 2 && $0 < 6.001 })
    #expect(Set(all.map { Int(($0 * 10).rounded()) }) == Set(20...60))
    let mean = all.reduce(0, +) / 2000
    #expect(abs(mean - 4) < 0.1)
    #expect((0..<2000).reversed().map { CropLengths(2...6, seed: 1).seconds(step: $0) } == all.reversed())
    #expect(all != (0..<2000).map { CropLengths(2...6, seed: 2).seconds(step: $0) })
  }

  @Test func `one length is that of every step`() {
    #expect((0..<50).allSatisfy { CropLengths(3.21...3.21, seed: 1).seconds(step: $0) == 3.21 })
  }

  @Test func `rows have the length of their step`() throws {
    let noise = try NoiseCorpus(seconds: 1)
    let plan = try TrainingPlan(noise.configuration(["crop.maximumSeconds=0.9"]), corpus: noise.corpus)
    for step in 0..<4 {
      let seconds = plan.batches.cropLengths.seconds(step: step)
      let rows = plan.batches.sampler.batch(step: step)
      let batch = try plan.batches.loader.load(rows, own: 0..<rows.count, unreadable: [], seconds: seconds)
      let frames = FrontEnd().frames(samples: Int((seconds * 16_000).rounded()))
      #expect(batch.features.columns == rows.count * frames)
    }
    let trainer = try noise.trainer(noise.configuration(["crop.maximumSeconds=0.9"]))
    for _ in 0..<4 { #expect(try trainer.advance().rows.count == 12) }
  }

  @Test func `utterances outside the bounds are left out, and so are speakers without others`() throws {
    let corpus = Corpus(
      [("a", 0.5), ("a", 3), ("b", 2), ("b", 9), ("c", 12), ("d", 4), ("d", 5)].enumerated().map { index, one in
        ListedUtterance(id: "\(one.0)/\(index)", speaker: one.0, path: "none", seconds: one.1)
      })
    let left = corpus.lasting(1...10)
    #expect(left.speakers == ["a", "b", "d"])
    #expect(left.utterances.map(\.id) == ["a/1", "b/2", "b/3", "d/5", "d/6"])
    let settings = ["corpus.minimumSeconds=1", "corpus.maximumSeconds=10", "batch.speakers=2", "batch.utterances=1"]
    let plan = try TrainingPlan(Configuration.load(file: nil, overrides: settings), corpus: corpus)
    #expect(plan.batches.corpus.speakers.count == 3)
    #expect(plan.notes.count == 1 && plan.notes[0].hasPrefix("2 of 7 utterances are left out, and 1 of 4 speakers"))
    let failure = failure {
      _ = try TrainingPlan(
        Configuration.load(file: nil, overrides: ["corpus.minimumSeconds=20"]), corpus: corpus)
    }
    #expect(failure?.kind == .usage && failure?.message.contains("the longest of which lasts 12.0 s") == true)
  }
}
