import DistTrain
import Testing

@Suite struct TrainingPlanTests {
  @Test func `crops of fewer frames than the encoder takes are refused`() throws {
    var configuration = Configuration()
    configuration.encoder.own["layout"] = .choice("speechbrain")
    let corpus = Corpus.synthetic([Int](repeating: 4, count: 20))
    // 1,039 samples are four frames, 1,040 five.
    configuration.crop.seconds = 1039.0 / 16_000
    let failure = failure { _ = try TrainingPlan(configuration, corpus: corpus) }
    #expect(failure?.status == .usage)
    #expect(failure?.message == "crop.seconds: 0.0649375 s are 4 frames, the encoder takes 5 or more")
    configuration.crop.seconds = 1040.0 / 16_000
    _ = try TrainingPlan(configuration, corpus: corpus)
    configuration.encoder.own["layout"] = .choice("wespeaker")
    configuration.crop.seconds = 400.0 / 16_000
    _ = try TrainingPlan(configuration, corpus: corpus)
  }
}
