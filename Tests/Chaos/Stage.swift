import DistTrain
import Foundation
import TestCorpora

/// Where runs take place: the program, corpora, and how the run ends when nothing befalls it.
struct Stage {
  /// What an undisturbed run leaves.
  struct Reference {
    let files: [String: [UInt8]]
    let losses: [[Double]]
  }

  static let steps = 40
  /// Ranks of a first launch.
  static let ranks = 2
  /// Seconds after which a launch counts as hung.
  static let limit = 120.0
  /// Seconds that a rank waits for a stopped one.
  static let patience = 5.0
  /// The largest relative difference of losses between numbers of ranks: the order of sums, over all steps.
  static let bound = 1e-4
  static let recordings = (0..<4).flatMap { speaker in (0..<4).map { "s\(speaker)-u\($0)" } }

  let program: String
  let folder: String
  private(set) var references: [Int: Reference] = [:]

  /// Writes the corpora and runs undisturbed, once with each number of ranks.
  init(program: String, folder: String) throws {
    self.program = program
    self.folder = folder
    try GeneratedCorpus.write(to: URL(fileURLWithPath: corpus), speakers: 4, utterances: 4)
    try GeneratedCorpus.write(to: URL(fileURLWithPath: heldOut), speakers: 2, utterances: 2)
    try GeneratedCorpus.writeTrials(to: URL(fileURLWithPath: heldOut), speakers: 2, utterances: 2)
    for ranks in 1...3 { references[ranks] = try reference(ranks: ranks) }
  }

  var corpus: String { folder + "/corpus" }
  private var heldOut: String { folder + "/held-out" }

  /// Trains with steps so small that rounding does not grow over a few dozen of them.
  func arguments(run: String, corpus: String) -> [String] {
    let settings = [
      "corpus.train=\(corpus)", "corpus.evaluation=\(heldOut)", "corpus.trials=\(heldOut)/trials",
      "encoder.channels=16", "encoder.embedding=16", "features.bins=24", "crop.seconds=0.4", "batch.speakers=3",
      "batch.utterances=2", "schedule.learningRate.initial=0.0001", "schedule.learningRate.final=0.00002",
      "optimizer.gradientNorm=1", "training.steps=\(Self.steps)", "evaluation.everySteps=15",
      "checkpoint.everySteps=4", "checkpoint.keep=3",
    ]
    return ["--run-dir", run, "--threads", "1"] + settings.flatMap { ["--set", $0] }
  }

  private func reference(ranks: Int) throws -> Reference {
    let path = "\(folder)/undisturbed-\(ranks)"
    let log = URL(fileURLWithPath: path + ".log")
    let launch = try Launch(program, arguments(run: path, corpus: corpus), ranks: ranks, log: log)
    guard launch.wait(seconds: Self.limit), launch.status == 0 else {
      throw Failure(.failed, "the undisturbed run of \(ranks) ranks fails: see \(log.path)")
    }
    let record = RunRecord(folder: path)
    return Reference(
      files: try record.results(step: Self.steps), losses: try record.metrics().map(\.losses))
  }
}
