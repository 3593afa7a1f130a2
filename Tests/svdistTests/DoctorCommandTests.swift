import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `svdist doctor`.
  @Suite struct DoctorCommandTests {
    private static let isWide = MachineFacts.here().features.isSuperset(of: [
      "avx512f", "avx512dq", "avx512bw", "avx512vl",
    ])
    /// Cores enough for the tests' ranks.
    private static let cores = JobFacts(ranks: [.here()], threads: nil).threads[0]

    @Test func `one rank measures products and memory`() throws {
      let outcome = try svdist(["doctor", "--seconds", "0.02", "--run-dir", "/proc/none/there"])
      #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
      for words in [
        "1 rank on 1 host; ", "no launcher", "kernels for ", "fp32 GFLOP/s", "proc/none/there on proc",
      ] {
        #expect(outcome.output.contains(words), "\(words): \(outcome.output)")
      }
      #expect(!outcome.output.contains("A sum of"))
      #expect(try #/1 rank on 1 host; (Open MPI v|MPICH )[0-9]+\.[0-9]+/#.firstMatch(in: outcome.output) != nil)
      let row = try #require(outcome.output.split(separator: "\n").first { $0.contains(" 1 × \(Self.cores)") })
      let numbers = row.split(separator: " ").compactMap { Double($0) }.suffix(3)
      #expect(numbers.count == 3 && numbers.allSatisfy { $0 > 0.1 && $0 < 1e5 }, "\(row)")
    }

    @Test func `two ranks measure a corpus, and one of them prints`() throws {
      try SmallRun.with { run in
        let arguments = [
          "doctor", "--seconds", "0.02", "--threads", "1", "--corpus", run.corpus.path, "--set", "encoder.channels=16",
        ]
        let outcome = try svdist(arguments, mpi: 2)
        #expect(outcome.errors == "")
        for words in [
          "2 ranks on 1 host; ", "threads: serialized", " 2 × 1 ", "A sum of 6.2 M floats over ranks: ",
          "\(run.corpus.path) on ", "files open in ", "One core makes features of ",
          "(ecapa-tdnn, layout wespeaker, channels 16, ", "bottleneck",
        ] {
          #expect(outcome.output.components(separatedBy: words).count == 2, "\(words): \(outcome.output)")
        }
      }
    }

    @Test(.enabled(if: isWide, "this CPU has no AVX-512: no kernels are narrower than it"))
    func `kernels for a narrower CPU are warned of with status 1, and by a run at its start`() throws {
      let environment = ["SVDIST_KERNELS": "avx2"]
      let outcome = try svdist(["doctor", "--seconds", "0.02"], environment: environment)
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("unset SVDIST_KERNELS, which costs "), "\(outcome.output)")
      #expect(!outcome.output.contains("All is well"))
      try SmallRun.with { run in
        let training = try svdist(run.arguments(steps: 1), environment: environment, mpi: 2)
        #expect(training.status == 0 && training.errors == "")
        let warnings = training.output.split(separator: "\n").filter { $0.hasPrefix("warning: ") }
        #expect(warnings.count == (Self.cores < 2 ? 2 : 1), "\(warnings)")
        #expect(warnings.contains { $0.contains("unset SVDIST_KERNELS, which costs ") }, "\(warnings)")
      }
    }

    @Test func `more threads than cores are warned of with both numbers`() throws {
      let threads = 3 * Self.cores
      let outcome = try svdist(["doctor", "--seconds", "0.02", "--threads", "\(threads)"])
      #expect(outcome.status == 1)
      #expect(
        outcome.output.contains("1 rank × \(threads) threads are \(threads) threads on \(Self.cores) core"),
        "\(outcome.output)")
    }

    @Test func `a corpus that isn't there and times that make no sense are refused`() throws {
      expectRefusal(try svdist(["doctor", "--seconds", "0.02", "--corpus", "/none"]), 65, "/none")
      for seconds in ["0", "-1", "nan", "61"] {
        #expect(try svdist(["doctor", "--seconds=\(seconds)"]).status == 64, "\(seconds)")
      }
    }
  }
}
