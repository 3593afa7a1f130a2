import DistTrain
import TestTools
import Testing

@Suite struct TrainerMemoryTests {
  @Test func `an evaluation takes the place of a step, beside batches that are loaded ahead and a checkpoint's copy`()
    throws
  {
    let noise = try NoiseCorpus()
    let trainer = try noise.trainer(noise.configuration())
    // Two batches of 12 rows of 38 frames, the parameters, and the optimiser's state.
    let floats = 2 * 12 * 38 * NoiseCorpus.bins + trainer.parameters.count * (1 + trainer.optimizer.state.count)
    #expect(trainer.memoryAhead(evaluation: 1 << 40) == (1 << 40) + 4 * floats)
    #expect(trainer.memoryAhead(evaluation: 0) > 4 * floats)
    #expect(trainer.memoryAhead(evaluation: 0) < 1 << 40)

    let averaging = try noise.trainer(noise.configuration(["training.average.decay=0.9"]))
    let average = averaging.encoder.layout.parameters.count
    #expect(averaging.memoryAhead(evaluation: 1 << 40) == (1 << 40) + 4 * (floats + average))
  }
}
