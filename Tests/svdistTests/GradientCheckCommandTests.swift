import Foundation
import Testing

extension ProgramTests {
  /// `svdist train --check-gradients`.
  @Suite struct GradientCheckCommandTests {
    @Test func `all tensors are compared in a table on two ranks, and nothing is written`() throws {
      try SmallRun.with { run in
        let before = try FileManager.default.subpathsOfDirectory(atPath: run.folder.path).sorted()
        let arguments = Array(
          run.arguments(
            steps: 1, ["encoder.channels=64", "encoder.aggregation=96"], options: ["--check-gradients"]
          ).dropFirst(2))
        let outcome = try svdist(["train"] + arguments, mpi: 2)
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.output.hasSuffix("\nthe gradients agree with the losses\n"))
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("1076 comparisons in 135 tensors: ") })
        #expect(lines.count { $0.contains(" classification ") && $0.hasPrefix("  ") } == 540)
        #expect(lines.count { $0.contains(" contrastive ") && $0.hasPrefix("  ") } == 536)
        for layer in ["layer1.conv", "layer4.se_res2block.1.bns.6", "pool.linear2", "linear", "projection"] {
          #expect(lines.count { $0 == layer } == 1, "\(layer)")
        }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: run.folder.path).sorted() == before)
      }
    }

    @Test func `training without the check still wants a run folder, and the check a corpus`() throws {
      expectUsage(try svdist(["train", "--threads", "1"]), "--run-dir <folder>")
      expectUsage(try svdist(["train", "--check-gradients", "--run-dir", ""]), "--run-dir")
      let useless = [
        ["--restart"], ["--allow-change", "seed"], ["--stop-before", "1h"], ["--keep-activations"],
        ["--log-batches"], ["--timeline", "1-2"],
      ]
      for option in useless {
        expectUsage(
          try svdist(["train", "--check-gradients"] + option),
          "--check-gradients takes no steps and writes nothing: leave out \(option[0])")
      }
      expectRefusal(try svdist(["train", "--check-gradients"]), 64, "corpus.train: not set")
    }

    private func expectUsage(_ outcome: Outcome, _ words: String) {
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
  }
}
