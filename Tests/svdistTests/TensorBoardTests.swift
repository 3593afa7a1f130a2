import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// The files that a run writes for TensorBoard.
  @Suite struct TensorBoardTests {
    private func train(
      _ run: SmallRun, into name: String = "run", _ setting: String = "training.tensorboard=true",
      options: [String] = []
    ) throws {
      try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 6, utterances: 3)
      let all = [
        "corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.corpus.path)/trials", "evaluation.everySteps=3",
        "checkpoint.everySteps=3", setting,
      ]
      let outcome = try svdist(run.arguments(steps: 6, all, into: name, options: options))
      #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func `each start has a file for TensorBoard, which says where steps come again`() throws {
      try SmallRun.with(speakers: 6, utterances: 3) { run in
        try train(run)
        try FileSystem.remove(run.path("run/checkpoints/step-00000006"))
        try train(run)
        let names = try FileSystem.names(in: run.path("run")).filter { $0.hasPrefix("events.out.tfevents.") }
        let files = try names.map { try TensorBoardSteps(InputFile.contents(of: run.path("run/\($0)"))) }
        #expect(files.map(\.start) == [1, 4])
        // The settings' step, the evaluation of the start, and the steps with the evaluations behind them.
        #expect(files.map(\.steps) == [[1, 0, 1, 2, 3, 3, 4, 5, 6, 6], [4, 4, 5, 6, 6]])
        try train(run, into: "other", "training.tensorboard=false")
        #expect(try FileSystem.names(in: run.path("other")).allSatisfy { !$0.contains("tfevents") })
        try train(run, options: ["--restart"])
        let left = try FileSystem.names(in: run.path("run")).filter { $0.hasPrefix("events.out.tfevents.") }
        #expect(left.count == 1)
      }
    }
  }
}

/// The steps of the events of a file for TensorBoard.
private struct TensorBoardSteps {
  /// The step of the event that says where steps begin.
  private(set) var start: Int?
  /// The steps of the events with values, in the order of the file.
  private(set) var steps: [Int] = []

  init(_ file: [UInt8]) throws {
    var rest = file[...]
    while !rest.isEmpty {
      let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      try add(Array(rest.dropFirst(12).prefix(length)))
      rest = rest.dropFirst(16 + length)
    }
  }

  /// An event begins with its time, in 9 bytes, and its step where that is not 0; both are followed by its contents.
  private mutating func add(_ event: [UInt8]) throws {
    var rest = event.dropFirst(9)
    var step = 0
    if rest.first == 0x10 {
      step = Int(try #require(rest.dropFirst().first))
      rest = rest.dropFirst(2)
    }
    if rest.first == 0x3A { start = step }
    if rest.first == 0x2A { steps.append(step) }
  }
}
