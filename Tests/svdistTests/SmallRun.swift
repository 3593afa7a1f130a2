import DistTrain
import Foundation
import TestCorpora
import Testing

/// A folder with a generated corpus, and runs on it that take a second or two.
struct SmallRun {
  let folder: URL

  /// Calls `body` with a new folder that is removed afterwards.
  static func with<Result>(
    speakers: Int = 4, utterances: Int = 4, _ body: (SmallRun) throws -> Result
  ) throws -> Result {
    try withTemporaryFolder { folder in
      let run = SmallRun(folder: folder)
      try GeneratedCorpus.write(to: run.corpus, speakers: speakers, utterances: utterances)
      return try body(run)
    }
  }

  /// Calls `body` with a run whose encoder has a front end that is not the default one, and trials of its corpus.
  static func withEncoder(_ body: (SmallRun) throws -> Void) throws {
    try SmallRun.with { run in
      try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
      let settings = [
        "corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.corpus.path)/trials",
        "features={window: povey, edges: mirror}",
      ]
      let outcome = try svdist(run.arguments(steps: 5, settings))
      #expect(outcome.status == 0, "\(outcome.errors)")
      try body(run)
    }
  }

  var corpus: URL { folder.appending(path: "corpus") }

  /// The sizes of an ECAPA-TDNN that is trained in no time.
  static let smallEncoder = ["encoder.channels=16", "encoder.aggregation=96"]

  /// A command line that trains on the corpus, by steps so small that rounding does not grow over a few dozen of them.
  func arguments(
    steps: Int, _ settings: [String] = [], encoder: [String] = smallEncoder, into name: String = "run",
    options: [String] = []
  ) -> [String] {
    let all =
      encoder + [
        "corpus.train=\(corpus.path)", "encoder.embedding=16", "features.bins=24", "crop.seconds=0.4",
        "batch.speakers=3", "batch.utterances=2", "batch.unit=2",
        "schedule.learningRate.initial=0.0001", "schedule.learningRate.final=0.00002", "optimizer.gradientNorm=1",
        "training.steps=\(steps)",
      ]
    // Generated corpora all have the same names.
    return ["--run-dir", folder.appending(path: name).path, "--threads", "1", "--allow-overlap"] + options
      + (all + settings).flatMap { ["--set", $0] }
  }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  /// The lines of a run's log, as far as they are whole.
  func metrics(_ name: String = "run") -> [StepMetrics] {
    guard let text = try? String(contentsOf: folder.appending(path: "\(name)/metrics.jsonl"), encoding: .utf8) else {
      return []
    }
    return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(StepMetrics.self, from: Data($0.utf8)) }
  }

  /// Both losses of every step.
  func losses(_ name: String = "run") -> [[Double]] {
    metrics(name).map { [$0["classification"].loss, $0["contrastive"].loss] }
  }

  /// The steps of a run's checkpoints.
  func checkpoints(_ name: String = "run") -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path("\(name)/checkpoints"))) ?? []
    return names.filter { $0.hasPrefix("step-") }.compactMap { Int($0.dropFirst(5)) }.sorted()
  }

  func checkpointFile(_ file: String, step: Int, of name: String = "run") throws -> Data {
    try Data(contentsOf: folder.appending(path: "\(name)/checkpoints/step-\(String(format: "%08d", step))/\(file)"))
  }

  /// Expects that two runs left the same files after a step, and logged the same losses, weights and norms.
  func expectSame(_ first: String, _ second: String, step: Int) throws {
    for file in ["model.safetensors", "optimizer.safetensors"] {
      let one = try checkpointFile(file, step: step, of: first)
      #expect(try checkpointFile(file, step: step, of: second) == one, "\(file) of \(second) differs")
    }
    let numbers = [first, second].map { name in
      metrics(name).map {
        [
          $0["classification"].loss, $0["contrastive"].loss, $0.alpha, $0["classification"].gradientNorm,
          $0["contrastive"].gradientNorm, $0.gradientCosines[0],
        ]
      }
    }
    #expect(numbers[0] == numbers[1], "the logs of \(first) and \(second) differ")
  }

  func state(step: Int, of name: String = "run") throws -> TrainingState {
    try TrainingState(json: [UInt8](checkpointFile("state.json", step: step, of: name)), path: "state.json")
  }

  /// Names that a write which was cut short would leave.
  func leftovers() -> [String] {
    let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return all.filter { $0.split(separator: "/").last?.hasPrefix(".") == true }
  }

  /// Replaces a line of one of the corpus's lists, or removes it.
  func edit(_ list: String, _ key: String, _ line: String?) throws {
    let file = corpus.appending(path: list)
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    let edited = lines.compactMap { $0.hasPrefix(key + " ") ? line : $0 }
    try (edited.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
  }

  /// Lets an utterance of the corpus be a broken recording.
  func spoil(_ utterance: String, _ kind: BrokenRecording) throws {
    try kind.write(into: corpus)
    try edit("wav.scp", utterance, "\(utterance) \(kind.fileName)")
  }
}

/// The largest relative difference of two runs' numbers; infinite where they have not as many.
func difference(_ a: [[Double]], _ b: [[Double]]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a.joined(), b.joined()).reduce(0) { max($0, abs($1.0 - $1.1) / max(abs($1.1), 1e-9)) }
}
