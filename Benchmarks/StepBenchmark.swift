import DistTrain
import Foundation

/// One training step of ECAPA-TDNN on features in memory: forward, both objectives, backward, optimiser.
struct StepBenchmark {
  var channels = 512
  var rows = 64
  var frames = 200
  var speakers = 1211
  /// Settings on top, as `--set` takes them.
  var settings: [String] = []

  /// Seconds of a warm step, one each.
  func seconds(steps: Int, warmUp: Int = 2, communicator: any Communicator) throws -> [Double] {
    let configuration = try Configuration.load(
      file: nil,
      overrides: [
        "encoder.channels=\(channels)", "batch.speakers=\(rows / 2)", "batch.views=1",
        "views.augmented=[false]", "training.steps=1000", "optimizer.type=adam",
      ] + settings)
    let corpus = Corpus(
      (0..<speakers).flatMap { speaker in
        (0..<2).map {
          ListedUtterance(
            id: "s\(10_000 + speaker)/u\($0)", speaker: "s\(10_000 + speaker)", path: "none", seconds: 2)
        }
      })
    let trainer = Trainer(
      encoder: ECAPATDNN(configuration), plan: try TrainingPlan(configuration, corpus: corpus),
      communicator: communicator)
    let shares = (0..<communicator.size).map {
      SpeakerBatchSampler.rows(of: $0, size: communicator.size, count: rows)
    }
    let own = shares[communicator.rank]
    var stream = RandomStream(seed: 1, purpose: .test, item: communicator.rank)
    let bins = configuration.features.bins
    let features = Matrix(
      rows: bins, columns: own.count * frames, (0..<bins * own.count * frames).map { _ in Float(stream.normal()) })
    let labels = (0..<rows).map { $0 / 2 * 7 % speakers }
    var times: [Double] = []
    for step in 0..<steps + warmUp {
      communicator.barrier()
      let start = Date()
      _ = try trainer.learn(features, speakers: labels, shares: shares)
      if step >= warmUp { times.append(Date().timeIntervalSince(start)) }
    }
    return times
  }
}
