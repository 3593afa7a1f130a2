package import DistTrain
import Foundation

/// A corpus of noise, each utterance with a colour of its own, for tests of what reads recordings and trains on them.
package struct NoiseCorpus {
  package static let bins = 24
  package let folder: TestFolder
  package let corpus: Corpus

  /// - Parameter missing: an utterance whose file is not there.
  package init(speakers: Int = 4, utterances: Int = 4, seconds: Double = 0.7, missing: String? = nil) throws {
    let folder = try TestFolder()
    var listed: [ListedUtterance] = []
    for speaker in 0..<speakers {
      for utterance in 0..<utterances {
        let id = "s\(speaker)-u\(utterance)"
        if id != missing {
          try folder.writeWave(
            "\(id).wav", samples: Self.noise(speaker: speaker, utterance: utterance, seconds: seconds))
        }
        listed.append(
          ListedUtterance(id: id, speaker: "s\(speaker)", path: folder.path("\(id).wav"), seconds: seconds))
      }
    }
    self.folder = folder
    corpus = Corpus(listed)
  }

  package static func noise(speaker: Int, utterance: Int, seconds: Double) -> [Float] {
    var stream = RandomStream(seed: 21, purpose: .test, epoch: utterance, item: speaker)
    var last = 0.0
    return (0..<Int(seconds * 16_000)).map { _ in
      last = (0.2 + 0.15 * Double(speaker)) * last + 0.05 * stream.normal()
      return Float(last)
    }
  }

  /// Short steps over small batches: three speakers, two utterances, two views.
  package func configuration(
    _ settings: [String] = [], encoders: [EncoderArchitecture] = EncoderArchitecture.known
  ) throws -> Configuration {
    try Configuration.load(
      file: nil,
      overrides: [
        "features.bins=\(Self.bins)", "crop.seconds=0.4", "batch.speakers=3", "batch.utterances=2", "batch.unit=2",
        "training.steps=10", "schedule.learningRate.initial=0.001", "schedule.learningRate.final=0.00005",
      ] + settings, encoders: encoders)
  }

  package func trainer(
    _ configuration: Configuration, communicator: any Communicator = SoleCommunicator()
  ) throws -> Trainer {
    try Trainer(
      encoder: Self.encoder, plan: TrainingPlan(configuration, corpus: corpus), communicator: communicator)
  }

  /// Small enough for a step in milliseconds.
  package static var encoder: ECAPATDNN {
    var sizes = ECAPATDNN.Sizes()
    sizes.bins = bins
    sizes.channels = 16
    sizes.embedding = 8
    sizes.aggregation = 12
    sizes.squeezeBottleneck = 4
    sizes.attentionBottleneck = 4
    return ECAPATDNN(sizes)
  }
}
