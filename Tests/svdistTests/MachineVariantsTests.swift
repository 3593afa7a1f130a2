import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// The same run as other machines would compute it, or with other ways of computing here.
  @Suite struct MachineVariantsTests {
    private static let steps = 6

    private func losses(
      _ run: SmallRun, into name: String, _ settings: [String] = [], environment: [String: String] = [:]
    ) throws -> [[Double]] {
      let outcome = try svdist(run.arguments(steps: Self.steps, settings, into: name), environment: environment)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return run.losses(name)
    }

    /// OpenBLAS's kernels are chosen too: what a CPU without AVX-512 runs.
    @Test(arguments: [
      ["SVDIST_KERNELS": "avx2", "OPENBLAS_CORETYPE": "Haswell"], ["SVDIST_KERNELS": "generic"],
    ])
    func `narrower instruction sets give the same losses but for rounding`(environment: [String: String]) throws {
      try SmallRun.with { run in
        let own = try losses(run, into: "own")
        let narrow = try losses(run, into: "narrow", environment: environment)
        #expect(own.count == Self.steps)
        #expect(difference(narrow, own) < 1e-3)
      }
    }

    @Test func `any number of threads leaves the same bits`() throws {
      try SmallRun.with { run in
        for threads in ["1", "3"] {
          var arguments = run.arguments(steps: Self.steps, ["encoder.channels=64"], into: threads)
          let place = try #require(arguments.firstIndex(of: "--threads"))
          arguments[place + 1] = threads
          let outcome = try svdist(arguments)
          #expect(outcome.status == 0, "\(outcome.errors)")
          #expect(outcome.output.contains("\(threads) thread"))
        }
        for file in ["model.safetensors", "optimizer.safetensors"] {
          let one = try run.checkpointFile(file, step: Self.steps, of: "1")
          #expect(try run.checkpointFile(file, step: Self.steps, of: "3") == one, "\(file) differs")
        }
      }
    }

    @Test func `bf16 products change losses by no more than their rounding, or are refused in words`() throws {
      try SmallRun.with { run in
        guard Precision.bfloat16.isAvailable else {
          let outcome = try svdist(run.arguments(steps: Self.steps, ["training.precision=bf16"]))
          #expect(outcome.status == 64)
          #expect(outcome.errors.contains("AVX512-BF16"))
          return
        }
        let single = try losses(run, into: "fp32")
        let rounded = try losses(run, into: "bf16", ["training.precision=bf16"])
        let distance = difference(rounded, single)
        #expect(distance > 1e-6)
        #expect(distance < 0.1)
      }
    }
  }
}
