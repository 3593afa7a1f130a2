import DistTrain
import Foundation
import GeneratedCorpora

/// The place where runs are started: the program, corpora, and how the run ends when nothing befalls it.
struct Stage {
  /// The results of an undisturbed run, on any number of ranks.
  struct Reference: Equatable {
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
  static let recordings = (0..<4).flatMap { speaker in (0..<4).map { "s\(speaker)-u\($0)" } }

  let program: String
  let folder: String
  private(set) var reference = Reference(files: [:], losses: [])

  /// Writes the corpora and runs undisturbed, once with each number of ranks.
  /// - Throws: where one fails, or they differ in a bit.
  init(program: String, folder: String) throws {
    self.program = program
    self.folder = folder
    try GeneratedCorpus.write(to: URL(fileURLWithPath: corpus), speakers: 4, utterances: 4)
    try GeneratedCorpus.write(to: URL(fileURLWithPath: heldOut), speakers: 2, utterances: 2)
    try GeneratedCorpus.writeTrials(to: URL(fileURLWithPath: heldOut), speakers: 2, utterances: 2)
    reference = try undisturbed(ranks: Self.ranks)
    for ranks in [1, 3] where try undisturbed(ranks: ranks) != reference {
      throw Failure(.failed, "the undisturbed runs of \(Self.ranks) and \(ranks) ranks differ: see \(folder)")
    }
  }

  var corpus: String { folder + "/corpus" }
  private var heldOut: String { folder + "/held-out" }

  /// Six units of the batch: the shares of three ranks are nodes of the tree of sums, those of two are not. Steps are
  /// so large that one other bit changes all losses after it. All generated corpora have the same names.
  func arguments(run: String, corpus: String) -> [String] {
    let settings = [
      "corpus.train=\(corpus)", "corpus.evaluation=\(heldOut)", "corpus.trials=\(heldOut)/trials",
      "encoder.channels=16", "encoder.aggregation=96", "encoder.embedding=16", "features.bins=24", "crop.seconds=0.4",
      "batch.speakers=3",
      "batch.utterances=2", "batch.unit=2", "schedule.learningRate.initial=0.02", "training.steps=\(Self.steps)",
      "evaluation.everySteps=15", "checkpoint.everySteps=4", "checkpoint.keep=3",
    ]
    return ["--run-dir", run, "--threads", "1", "--allow-overlap"] + settings.flatMap { ["--set", $0] }
  }

  private func undisturbed(ranks: Int) throws -> Reference {
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
