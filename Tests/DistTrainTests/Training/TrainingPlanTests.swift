import DistTrain
import TestTools
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

  @Test(.enabled(if: HostMemory.bytes < 400 << 30))
  func `features that no memory holds are refused, by the frames that the front end makes of them`() throws {
    var configuration = Configuration()
    configuration.crop.seconds = 100
    // A quarter of the memory at a hundred frames a second, 80 numbers of four bytes each.
    let bytesOfRow = 100 * 100 * 80 * 4
    configuration.batch.speakers = HostMemory.bytes / 4 / bytesOfRow
    (configuration.batch.utterances, configuration.batch.views) = (1, 1)
    try TrainingPlan.checkFeatures(configuration, ranks: 1)
    configuration.features.frameShift = 1
    let refusal = failure { try TrainingPlan.checkFeatures(configuration, ranks: 1) }
    #expect(refusal?.kind == .usage)
    #expect(refusal?.message.hasPrefix("the features of a batch of \(configuration.batch.rows) rows on 1 rank") == true)
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
