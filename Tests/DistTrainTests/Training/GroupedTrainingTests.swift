import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct GroupedTrainingTests {
  private typealias Numbers = (parameters: [Float], statistics: [Float])

  private static func numbers(_ trainer: Trainer) -> Numbers { (trainer.parameters.values, trainer.statistics.values) }

  /// The names of the tensors that differ.
  private static func changed(_ trainer: Trainer, _ before: Numbers, _ after: Numbers) -> Set<String> {
    let parts = [
      (trainer.layout.parameters, before.parameters, after.parameters),
      (trainer.encoder.layout.statistics.parameters, before.statistics, after.statistics),
    ]
    return Set(
      parts.flatMap { layout, before, after in layout.filter { before[$0.range] != after[$0.range] }.map(\.name) })
  }

  private static func names(_ trainer: Trainer) -> Set<String> {
    Set((trainer.layout.parameters + trainer.encoder.layout.statistics.parameters).map(\.name))
  }

  @Test(arguments: ["sgd", "adamw"], ["global", "local"])
  func `frozen parts and their running statistics stay to the last bit, on any ranks, until they are freed`(
    optimizer: String, normalization: String
  ) throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration([
      "training.frozen=[layer1, layer2.se_res2block, classification]", "schedule.unfreeze=2",
      "optimizer.type=\(optimizer)", "encoder.batchNormalization=\(normalization)", "batch.speakers=4",
    ])
    @Sendable func train(_ communicator: any Communicator) throws -> [Numbers] {
      let trainer = try corpus.trainer(configuration, communicator: communicator)
      for index in 0..<trainer.statistics.count { trainer.statistics.pointer[index] += 0.1 + Float(index % 13) / 31 }
      return try [Self.numbers(trainer)]
        + (0..<4).map { _ in
          _ = try trainer.advance()
          return Self.numbers(trainer)
        }
    }
    let trainer = try corpus.trainer(configuration)
    let all = Self.names(trainer)
    let held = all.filter { name in
      ["layer1.", "layer2.se_res2block.", "projection."].contains { name.hasPrefix($0) }
    }
    #expect(held.count > 20 && held.count < all.count / 2)
    let alone = try train(SoleCommunicator())
    // The mean of seven equal numbers, as of no fewer, may be another number.
    let together = try ThreadCommunicator.run(ranks: 7) { try train($0) }
    for rank in [alone] + together {
      // A bias that a softmax takes away again may stay, too.
      let (first, second) = (Self.changed(trainer, rank[0], rank[2]), Self.changed(trainer, rank[2], rank[4]))
      #expect(first.isDisjoint(with: held) && first.count > all.count - held.count - 4)
      #expect(second.count > all.count - 4)
      // They follow from the step on at which they are freed.
      #expect(Self.changed(trainer, rank[2], rank[3]).count > all.count - 4)
      guard normalization == "global" else { continue }
      for (one, other) in zip(rank, alone) {
        #expect(one.parameters == other.parameters && one.statistics == other.statistics)
      }
    }
  }

  @Test func `frozen parts count neither in the objectives' weights nor in the length that is clipped`() throws {
    let corpus = try NoiseCorpus()
    // Without normalisations, whose batch statistics would make other gradients.
    let frozen = "training.frozen=[conv, linear, layer3.se_res2block.0.conv, layer4.se_res2block.3]"
    let settings = [
      "optimizer.weightDecay=0", "optimizer.gradientNorm=0.01", "schedule.learningRate.initial=1",
    ]
    let plan = try TrainingPlan(corpus.configuration(settings), corpus: corpus.corpus)
    let check = try GradientCheck(encoder: NoiseCorpus.encoder, plan: plan, communicator: SoleCommunicator())
    let trainer = try corpus.trainer(corpus.configuration(settings + [frozen, "training.learningRates={layer1: 3}"]))
    let start = trainer.parameters.values
    let metrics = try trainer.advance().metrics

    let encoder = NoiseCorpus.encoder.layout.parameters
    let held = ["conv.", "linear.", "layer3.se_res2block.0.conv.", "layer4.se_res2block.3."]
    let free = encoder.parameters.filter { one in !held.contains { one.name.hasPrefix($0) } }
    #expect(free.count < encoder.parameters.count - 6)
    let gradients = check.gradients.map { buffer in free.flatMap { Array(buffer.values[$0.range]) } }
    func dot(_ one: [Float], _ other: [Float]) -> Double {
      zip(one, other).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let (first, inner, second) = (
      dot(gradients[0], gradients[0]), dot(gradients[0], gradients[1]), dot(gradients[1], gradients[1])
    )
    let alpha: Double = min(max((second - inner) / (first - 2 * inner + second), 0), 1)
    #expect(abs(metrics.alpha - alpha) < 1e-5)
    #expect(abs(metrics["classification"].gradientNorm - first.squareRoot()) < 1e-5 * first.squareRoot())
    #expect(abs(metrics["contrastive"].gradientNorm - second.squareRoot()) < 1e-5 * second.squareRoot())

    let direction: [Double] = zip(gradients[0], gradients[1]).map { alpha * Double($0) + (1 - alpha) * Double($1) }
    let length: Double = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(length > 0.01)
    // Nesterov's first step is (1 + 0.9) times the gradient.
    let scale: Double = 0.01 / length * 1.9
    let end = trainer.parameters.values
    var place = 0
    for parameter in free {
      let factor: Double = parameter.name.hasPrefix("layer1.") ? 3 : 1
      for index in parameter.range {
        let way: Double = -factor * scale * direction[place]
        let difference: Double = Double(end[index]) - Double(start[index]) - way
        #expect(abs(difference) <= 2e-7 + 1e-4 * abs(way), "\(parameter.name) \(index)")
        place += 1
      }
    }
  }

  @Test func `an encoder that is frozen whole lets the classifier follow its own gradient`() throws {
    let corpus = try NoiseCorpus()
    let tops = Set(NoiseCorpus.encoder.layout.parameters.parameters.compactMap { $0.name.split(separator: ".").first })
    let configuration = try corpus.configuration(["training.frozen=[\(tops.sorted().joined(separator: ", "))]"])
    let trainer = try corpus.trainer(configuration)
    let before = Self.numbers(trainer)
    let metrics = try (0..<2).map { _ in try trainer.advance().metrics }
    #expect(Self.changed(trainer, before, Self.numbers(trainer)) == ["projection.weight"])
    #expect(metrics[1]["classification"].gradientNorm == 0 && metrics[1].alpha.isNaN)
    #expect(trainer.isFinite)
  }

  @Test(arguments: [
    (["training.frozen=[layer9]"], "training.frozen: no parameter's name begins with layer9", "begin with is layer"),
    (
      ["training.frozen=[layer2.se_res2blok.0]"], "begins with layer2.se_res2blok.0",
      "begin with is layer2.se_res2block.0"
    ),
    (["training.learningRates={classifier: 2}"], "training.learningRates: no parameter's", "with is classification"),
    (["training.learningRates={layer1.bn.running_mean: 2}"], "training.learningRates: no", "with is layer1.bn"),
    (
      ["training.frozen=[layer1, layer2, layer3, layer4, conv, pool, bn, linear, classification]"],
      "training.frozen: holds the encoder and the classifier to the end", "nothing would be trained"
    ),
  ])
  func `parts that nothing belongs to, and a training of nothing, are refused`(
    settings: [String], words: String, more: String
  ) throws {
    let corpus = try NoiseCorpus()
    let failure = try #require(throws: Failure.self) {
      try TrainingPlan(corpus.configuration(settings), corpus: corpus.corpus)
    }
    #expect(failure.kind == .usage)
    #expect(failure.message.contains(words) && failure.message.contains(more), "\(failure.message)")
    guard settings[0].contains("classification]") else { return }
    _ = try TrainingPlan(corpus.configuration(settings + ["schedule.unfreeze=9"]), corpus: corpus.corpus)
  }

  @Test(arguments: ["sgd", "adam"])
  func `a training that resumes before or after parts are freed has the bits of one that never stopped`(
    optimizer: String
  ) throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration([
      "training.frozen=[layer1, layer2]", "schedule.unfreeze=3", "training.learningRates={layer3: 0.5}",
      "optimizer.type=\(optimizer)",
    ])
    let whole = try corpus.trainer(configuration)
    var snapshots: [CheckpointSnapshot] = []
    for step in 1...5 {
      _ = try whole.advance()
      if step == 2 || step == 4 { snapshots.append(whole.snapshot(configuration: "", version: "1")) }
    }
    for snapshot in snapshots {
      let store = CheckpointStore(path: corpus.folder.path("checkpoints-\(snapshot.step)"))
      try store.save(snapshot)
      let resumed = try corpus.trainer(configuration)
      try resumed.restore(#require(store.newest().checkpoint))
      while resumed.step < 5 { _ = try resumed.advance() }
      #expect(resumed.parameters.values == whole.parameters.values)
      #expect(resumed.statistics.values == whole.statistics.values)
      #expect(resumed.optimizer.state.map(\.values.values) == whole.optimizer.state.map(\.values.values))
    }
  }
}
