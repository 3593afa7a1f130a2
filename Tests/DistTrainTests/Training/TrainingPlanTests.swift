import DistTrain
import Testing

@Suite struct TrainingPlanTests {
  @Test(.enabled(if: HostMemory.bytes < 400 << 30))
  func `parameters that no memory holds are refused before they are allocated`() throws {
    var configuration = Configuration()
    configuration.encoder.own["channels"] = .number(65_536)
    configuration.encoder.own["aggregation"] = .number(65_536)
    configuration.encoder.embedding = 65_536
    let corpus = Corpus.synthetic([Int](repeating: 4, count: 20))
    let refusal = failure { _ = try TrainingPlan(configuration, corpus: corpus) }
    #expect(refusal?.kind == .usage)
    #expect(refusal?.message.contains("the parameters of the encoder and of 20 speakers take") == true)
    #expect(refusal?.message.contains("lower encoder.channels") == true)
  }

  @Test func `one recorded speaker at several speeds trains, but has nobody to babble`() throws {
    var configuration = Configuration()
    configuration.augmentation.speed.factors = [0.9, 1, 1.1]
    configuration.augmentation.speed.asSpeakers = true
    configuration.batch.speakers = 3
    let corpus = Corpus.synthetic([4])
    _ = try TrainingPlan(configuration, corpus: corpus)
    configuration.augmentation.babble.corpus = true
    let refusal = failure { _ = try TrainingPlan(configuration, corpus: corpus) }
    #expect(refusal?.kind == .usage)
    #expect(refusal?.message.hasPrefix("augmentation.babble.corpus: babble is of other speakers") == true)
    _ = try TrainingPlan(configuration, corpus: Corpus.synthetic([4, 4]))
  }

  @Test func `crops of fewer frames than the encoder takes are refused`() throws {
    var configuration = Configuration()
    configuration.encoder.own["layout"] = .choice("speechbrain")
    let corpus = Corpus.synthetic([Int](repeating: 4, count: 20))
    // 1,039 samples are four frames, 1,040 five.
    configuration.crop.seconds = 1039.0 / 16_000
    let failure = failure { _ = try TrainingPlan(configuration, corpus: corpus) }
    #expect(failure?.kind == .usage)
    #expect(failure?.message == "crop.seconds: 0.0649375 s are 4 frames, the encoder takes 5 or more")
    configuration.crop.seconds = 1040.0 / 16_000
    _ = try TrainingPlan(configuration, corpus: corpus)
    configuration.encoder.own["layout"] = .choice("wespeaker")
    configuration.crop.seconds = 400.0 / 16_000
    _ = try TrainingPlan(configuration, corpus: corpus)
  }
}
