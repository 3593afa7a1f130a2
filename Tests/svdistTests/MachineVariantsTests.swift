import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// The same run as other machines would compute it, or with other ways of computing here.
  @Suite struct MachineVariantsTests {
    private static let steps = 6

    private func train(
      _ run: SmallRun, into name: String, threads: Int = 1, _ settings: [String] = [], mpi: Int? = nil,
      kernels: [String] = []
    ) throws {
      var arguments = run.arguments(steps: Self.steps, settings, into: name)
      let place = try #require(arguments.firstIndex(of: "--threads"))
      arguments[place + 1] = "\(threads)"
      let outcome = try mpi.map { try svdist(arguments, mpi: $0) } ?? svdist(arguments, kernels: kernels)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(run.losses(name).count == Self.steps)
    }

    @Test(arguments: ["wespeaker", "speechbrain"])
    func `all kernels leave the same bits, also where ranks have different ones`(layout: String) throws {
      try SmallRun.with { run in
        let settings = ["encoder.layout=\(layout)"]
        try train(run, into: "own", settings)
        for kernels in ["avx2", "generic"] {
          try train(run, into: kernels, settings, kernels: [kernels])
          try run.expectSame("own", kernels, step: Self.steps)
        }
        try train(run, into: "mixed", settings, kernels: ["generic", "avx2", "avx512"])
        try run.expectSame("own", "mixed", step: Self.steps)
      }
    }

    @Test func `any number of threads leaves the same bits`() throws {
      try SmallRun.with { run in
        for threads in [1, 3] { try train(run, into: "\(threads)", threads: threads, ["encoder.channels=64"]) }
        try run.expectSame("1", "3", step: Self.steps)
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
        try train(run, into: "fp32")
        try train(run, into: "bf16", ["training.precision=bf16"])
        try train(run, into: "ranks", ["training.precision=bf16"], mpi: 3)
        try run.expectSame("bf16", "ranks", step: Self.steps)
        let distance = difference(run.losses("bf16"), run.losses("fp32"))
        #expect(distance > 1e-6)
        #expect(distance < 0.1)
      }
    }
  }
}
