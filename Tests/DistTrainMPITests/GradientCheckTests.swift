import DistTrain
import Foundation
import Testing

extension MPITests {
  @Suite struct GradientCheckTests {
    private static let tensors = [
      "layer1.conv.weight", "layer2.se_res2block.1.convs.0.weight", "layer3.se_res2block.3.linear1.weight",
      "layer4.se_res2block.0.bn.bias", "pool.linear1.weight", "bn.weight", "linear.weight", "projection.weight",
    ]

    @Test(arguments: [
      [],
      ["contrastive.attention.stopGradient=false", "classification.subcenters=2"],
      // Rows enough that each of sixteen ranks has two: one row alone has no deviation to be normalised by.
      [
        "encoder.batchNormalization=local", "contrastive.margin.denominator=plain", "seed=4", "batch.utterances=4",
        "batch.unit=2",
      ],
    ])
    func `both gradients agree with the losses, a wrong one does not`(settings: [String]) throws {
      let corpus = try SharedCorpus()
      defer { corpus.remove() }
      let check = try check(settings, corpus: corpus.path)
      let tensors = check.tensors.filter { Self.tensors.contains($0.name) }
      expectOnAllRanks(tensors.count == Self.tensors.count)
      let comparisons = check.compare(check.gradients, tensors: tensors)
      // Two elements, signs and the gradient of each tensor by both losses; of the prototypes by one.
      expectOnAllRanks(comparisons.count == 8 * tensors.count - 4)
      expectOnAllRanks(comparisons.allSatisfy(\.agrees), "\(comparisons.filter { !$0.agrees })")
      expectOnAllRanks(comparisons.count(where: \.isClose) > comparisons.count * 3 / 4)

      expectOnAllRanks(check.objectives == ["classification", "contrastive"])
      for (objective, tensor) in [(0, tensors[0]), (1, tensors[4]), (0, tensors[7])] {
        let wrong = check.gradients.map { Matrix(rows: 1, columns: $0.columns, $0.values) }
        // As if one of several ranks' shares, or a tenth of the rows, were left out.
        for index in tensor.range { wrong[objective].pointer[index] *= 0.9 }
        let differing = check.compare(wrong, tensors: [tensor, tensors[6]]).filter { !$0.agrees }
        expectOnAllRanks(!differing.isEmpty, "\(tensor.name)")
        expectOnAllRanks(differing.allSatisfy { $0.tensor == tensor && $0.objective == check.objectives[objective] })
      }
    }

    @Test func `a gradient that is no number differs`() throws {
      let corpus = try SharedCorpus()
      defer { corpus.remove() }
      let check = try check([], corpus: corpus.path)
      let last = check.tensors[check.tensors.count - 1]
      let wrong = check.gradients.map { Matrix(rows: 1, columns: $0.columns, $0.values) }
      for index in last.range { wrong[0].pointer[index] = .nan }
      expectOnAllRanks(check.compare(wrong, tensors: [last]).allSatisfy { !$0.agrees })
      expectOnAllRanks(check.compare(check.gradients, tensors: [last]).allSatisfy(\.agrees))
    }

    private func check(_ settings: [String], corpus: String) throws -> GradientCheck {
      let small = [
        "corpus.train=\(corpus)", "encoder.channels=64", "encoder.aggregation=96", "encoder.embedding=16",
        "features.bins=24", "crop.seconds=0.4", "batch.speakers=4", "batch.utterances=2", "batch.unit=1", "seed=3",
      ]
      let configuration = try Configuration.load(file: nil, overrides: small + settings)
      return try GradientCheck(configuration, communicator: World.communicator)
    }
  }
}
