import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct CheckpointSelectionTests {
  /// Calls `body` with a run folder that has checkpoints of some steps, and held-out EERs of others.
  private func withRun(
    steps: [Int], rates: [Int: Double] = [:], _ body: (RunFolder) throws -> Void
  ) throws {
    try withScratchFolder { folder in
      let run = try RunFolder(creating: folder + "/first")
      for step in steps {
        try run.checkpoints.save(
          encoder: [NamedTensor(name: "weight", shape: [2], values: [1, 2])],
          optimizer: [NamedTensor(name: "momentum", shape: [2], values: [3, 4])],
          state: TrainingState(
            step: step, seed: 1, configuration: "", corpus: "", sampler: .init(epoch: 0, index: step), version: "1",
            ranks: 1))
      }
      for (step, eer) in rates { try write("{\"eer\": \(eer)}", to: run.evaluationPath + "/step-\(step).json") }
      try body(run)
    }
  }

  private func spoil(_ run: RunFolder, step: Int) throws {
    try write("{}", to: run.checkpointsPath + "/step-0000000\(step)/state.json")
  }

  @Test func `the last are the newest in the order of steps, and the untrained encoder is none`() throws {
    try withRun(steps: [0, 1, 3, 4, 8]) { run in
      let selection = try CheckpointSelection(.last(3), of: run.path + "/")
      #expect(selection.chosen.map(\.step) == [3, 4, 8] && selection.chosen.allSatisfy { $0.eer == nil })
      #expect(selection.chosen[0].encoder == run.checkpointsPath + "/step-00000003/model.safetensors")
      #expect(selection.run == "first" && selection.warnings.isEmpty)
      #expect(try CheckpointSelection(.last(4), of: run.path).chosen.map(\.step) == [1, 3, 4, 8])
      #expect(failure { _ = try CheckpointSelection(.last(5), of: run.path) }?.kind == .usage)
    }
  }

  @Test func `the best have the lowest EER, of equal ones the earlier, and a checkpoint each`() throws {
    try withRun(steps: [0, 1, 2, 3, 4, 5], rates: [0: 0.1, 1: 4, 2: 2.5, 3: 3, 4: 2.5, 6: 1]) { run in
      let steps = try (1...4).map { try CheckpointSelection(.best($0), of: run.path).chosen.map(\.step) }
      #expect(steps == [[2], [2, 4], [2, 3, 4], [1, 2, 3, 4]])
      #expect(try CheckpointSelection(.best(3), of: run.path).chosen.map(\.eer) == [2.5, 3, 2.5])
      let refusal = failure { _ = try CheckpointSelection(.best(5), of: run.path) }
      let words =
        "--best 5: of whole checkpoints with a held-out EER \(run.path) has 4 (steps 1, 2, 3, 4): ask for fewer, or let a "
        + "run keep more (checkpoint.keep) and evaluate where it saves (evaluation.everySteps)"
      #expect(refusal?.kind == .usage && refusal?.message == words)
    }
  }

  @Test func `broken ones are passed over by name, and others take their places as long as there are some`() throws {
    try withRun(steps: [1, 2, 3, 4], rates: [1: 4, 2: 3, 3: 2, 4: 1]) { run in
      try spoil(run, step: 3)
      for rule in [CheckpointSelection.Rule.last(2), .best(2)] {
        let selection = try CheckpointSelection(rule, of: run.path)
        #expect(selection.chosen.map(\.step) == [2, 4])
        let warning = selection.warnings.first ?? ""
        #expect(selection.warnings.count == 1)
        #expect(warning.hasPrefix("warning: \(run.checkpointsPath)/step-00000003 is passed over: "), "\(warning)")
      }
      let message = failure { _ = try CheckpointSelection(.last(4), of: run.path) }?.message ?? ""
      #expect(message.hasPrefix("--last 4: of whole checkpoints \(run.path) has 3 (steps 1, 2, 4): "), "\(message)")
      #expect(message.contains("step-00000003 is passed over: "), "\(message)")
      #expect(message.hasSuffix("; ask for fewer, or let a run keep more (checkpoint.keep)"), "\(message)")
    }
  }

  @Test func `one whose result cannot be read is passed over by name where results decide`() throws {
    try withRun(steps: [1, 2, 3], rates: [1: 4, 2: 3, 3: 2]) { run in
      try write("{\"eer\":", to: run.evaluationPath + "/step-3.json")
      let best = try CheckpointSelection(.best(2), of: run.path)
      #expect(best.chosen.map(\.step) == [1, 2] && best.warnings.count == 1)
      #expect(best.warnings.first?.contains("step-3.json: is not the result of an evaluation") == true)
      let last = try CheckpointSelection(.last(2), of: run.path)
      #expect(last.chosen.map(\.step) == [2, 3] && last.warnings.isEmpty)
    }
  }

  @Test func `a folder that is no run's, or has no checkpoint, is told`() throws {
    try withRun(steps: []) { run in
      let message = failure { _ = try CheckpointSelection(.last(1), of: run.path) }?.message
      #expect(message?.hasPrefix("--last 1: of whole checkpoints \(run.path) has 0: ask for fewer") == true)
      let other = failure { _ = try CheckpointSelection(.last(1), of: run.checkpointsPath) }
      #expect(other?.kind == .badData && other?.message.contains("is no run folder") == true)
    }
  }
}
