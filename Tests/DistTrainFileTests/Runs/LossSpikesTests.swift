import DistTrain
import Testing

@Suite struct LossSpikesTests {
  private func findings(_ losses: [Double], contrastive: [Double]? = nil) -> [String?] {
    let spikes = LossSpikes()
    return losses.indices.map { step in
      var metrics = StepMetrics(step: step + 1, epoch: 0, objectives: ["classification", "contrastive"])
      metrics["classification"].loss = losses[step]
      metrics["contrastive"].loss = contrastive?[step] ?? 1
      return spikes.add(metrics)
    }
  }

  /// A course that falls and trembles.
  private let course = (0..<60).map { (step: Int) -> Double in
    let tremble = step % 2 == 0 ? 0.2 : -0.2
    return 6 - 0.05 * Double(step) + tremble
  }

  @Test func `an ordinary course is no spike`() {
    #expect(findings(course).allSatisfy { $0 == nil })
    // Twice as high as the mean, and no more than ever.
    let wild: [Double] = (0..<60).map { $0 % 2 == 0 ? 1 : 9 }
    #expect(findings(wild).allSatisfy { $0 == nil })
    // A hair above what never changed.
    #expect(findings([Double](repeating: 4, count: 30) + [4.1]).allSatisfy { $0 == nil })
  }

  @Test func `the first losses of a stage are not compared with those of the one before`() {
    let spikes = LossSpikes()
    for step in 0..<60 {
      var metrics = StepMetrics(step: step + 1, epoch: 0, objectives: ["classification", "contrastive"])
      metrics.stage = step < 40 ? 1 : 2
      metrics["classification"].loss = step < 40 ? 1 : 9
      metrics["contrastive"].loss = 1
      #expect(spikes.add(metrics) == nil, "\(step)")
    }
  }

  @Test func `a loss far above those before is told once, with its name and their mean`() {
    var losses = course
    losses[40] = 20
    let found = findings(losses)
    #expect(found.indices.filter { found[$0] != nil } == [40])
    #expect(
      found[40]?.hasPrefix("the classification loss 20 is far above the mean of the 40 steps before, 5.0") == true)
    let other = findings(course, contrastive: losses)
    #expect(other[40]?.contains("the contrastive loss") == true)
  }

  @Test func `a rise by half at least, a few steps from the start, of a finite loss only`() {
    var losses = [Double](repeating: 4, count: 60)
    losses[30] = 5.9
    losses[10] = 50
    losses[45] = .nan
    #expect(findings(losses).allSatisfy { $0 == nil })
    losses[10] = 4
    losses[30] = 6.1
    #expect(findings(losses)[30] != nil)
  }

  @Test func `a converged run has no spikes, and small numbers keep their digits`() {
    let converged: [Double] = (0..<40).map { 0.000_02 + 0.000_001 * Double($0 % 3) }
    #expect(findings(converged + [0.03]).allSatisfy { $0 == nil })
    #expect(
      findings(converged + [0.123_45]).last
        == "the classification loss 0.123 is far above the mean of the 40 steps before, 2.1e-05")
  }

  @Test func `what is far back no longer counts`() {
    let late: [Double] = (0..<60).map { 4 + 0.01 * Double($0 % 3) }
    let losses = [Double](repeating: 100, count: 50) + late + [20]
    #expect(findings(losses).last! != nil)
  }
}
