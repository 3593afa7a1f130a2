import DistTrain
import Testing

extension MPITests {
  /// Min-norm weights over three objectives: the two of every training, and the contrastive one at another temperature.
  @Suite struct ThreeObjectivesTests {
    private func parts(_ corpus: String) throws -> (encoder: any Encoder, plan: TrainingPlan) {
      let configuration = try Configuration.load(
        file: nil,
        overrides: [
          "corpus.train=\(corpus)", "encoder.channels=32", "encoder.aggregation=96", "encoder.embedding=16",
          "features.bins=24", "crop.seconds=0.4", "batch.speakers=4", "batch.utterances=4", "batch.unit=1",
          "training.steps=2", "seed=3",
        ])
      var plan = try TrainingPlan(configuration, corpus: Corpus.open(corpus))
      let wide = SupervisedContrastiveLoss(
        name: "wide", temperature: 0.5, margin: AngularMargin(form: .none, value: 0), denominator: .plain,
        attention: ClassAwareAttention(mode: .weight, scale: 8))
      plan.objectives = BatchObjectives(plan.objectives.all + [wide], classifier: plan.objectives.classifier)
      return (configuration.network, plan)
    }

    @Test func `two steps on all ranks leave the bits of one rank`() throws {
      let corpus = try SharedCorpus()
      defer { corpus.remove() }
      let (encoder, plan) = try parts(corpus.path)
      func train(_ communicator: any Communicator) throws -> (numbers: [Double], parameters: [Float]) {
        let trainer = Trainer(encoder: encoder, plan: plan, communicator: communicator)
        let numbers = try (0..<2).flatMap { _ in
          try trainer.advance().metrics.objectives.flatMap { [$0.loss, $0.weight, $0.gradientNorm] }
        }
        return (numbers, trainer.parameters.values)
      }
      let (alone, together) = (try train(SoleCommunicator()), try train(World.communicator))
      expectOnAllRanks(together.numbers == alone.numbers && together.numbers.count == 18)
      expectOnAllRanks(together.parameters == alone.parameters)
    }

    @Test func `the third one's gradient agrees with its loss`() throws {
      let corpus = try SharedCorpus()
      defer { corpus.remove() }
      let (encoder, plan) = try parts(corpus.path)
      let check = try GradientCheck(encoder: encoder, plan: plan, communicator: World.communicator)
      let tensors = check.tensors.filter {
        ["layer1.conv.weight", "linear.weight", "projection.weight"].contains($0.name)
      }
      let comparisons = check.compare(check.gradients, tensors: tensors)
      // Two elements, signs and the gradient of each tensor by three losses; of the prototypes by one.
      expectOnAllRanks(comparisons.count == 4 * (3 + 3 + 1))
      expectOnAllRanks(comparisons.allSatisfy(\.agrees), "\(comparisons.filter { !$0.agrees })")
      let wrong = check.gradients.map { Matrix(rows: 1, columns: $0.columns, $0.values) }
      for index in tensors[1].range { wrong[2].pointer[index] *= 0.9 }
      let differing = check.compare(wrong, tensors: tensors).filter { !$0.agrees }
      expectOnAllRanks(!differing.isEmpty && differing.allSatisfy { $0.objective == "wide" && $0.tensor == tensors[1] })
    }
  }
}
