import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// Runs that go on where numbers are computed otherwise.
  @Suite struct ArithmeticTests {
    private func write(_ change: (inout [String: String]?) -> Void, to run: SmallRun, step: Int) throws {
      try run.rewrite("state.json", step: step) { _ in
        var state = try run.state(step: step)
        #expect(state.arithmetic?.count == 11)
        change(&state.arithmetic)
        return Data(try state.json)
      }
    }

    @Test func `a run that goes on where a library differs is told of it by name, elsewhere not`() throws {
      try SmallRun.with { run in
        #expect(try svdist(run.arguments(steps: 3)).status == 0)
        let more = run.arguments(steps: 4, options: ["--allow-change", "training"])
        try write({ $0?["the resampler"] = String(repeating: "0", count: 16) }, to: run, step: 3)
        let outcome = try svdist(more, mpi: 2)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let expected = "this machine computes differently from the one that saved the checkpoint (the resampler)"
        #expect(outcome.output.components(separatedBy: expected).count == 2, "\(outcome.output)")
        let further = try svdist(run.arguments(steps: 5, options: ["--allow-change", "training"]))
        #expect(further.status == 0 && !further.output.contains("computes differently"), "\(further.output)")
        try write({ $0 = nil }, to: run, step: 5)
        let earlier = try svdist(run.arguments(steps: 6, options: ["--allow-change", "training"]))
        #expect(
          earlier.status == 0 && earlier.output.contains("(sums in another order, by svdist "), "\(earlier.output)")
      }
    }

    @Test func `more ranks than units are refused with the number that fits`() throws {
      try SmallRun.with { run in
        expectRefusal(
          try svdist(run.arguments(steps: 1, ["batch.unit=5"]), mpi: 4), 64,
          "4 ranks for a global batch of 3 units of 5 rows",
          "at most 3", "lower batch.unit to 3", underLauncher: true)
        #expect(try svdist(run.arguments(steps: 1, ["batch.unit=5"]), mpi: 3).status == 0)
        #expect(try svdist(run.arguments(steps: 1, ["batch.unit=0"])).status == 64)
      }
    }

    @Test func `more micro-batches than each rank has units of are refused with the numbers that fit`() throws {
      try SmallRun.with { run in
        expectRefusal(
          try svdist(run.arguments(steps: 1, ["batch.microBatches=4"]), mpi: 2), 64,
          "batch.microBatches: each of 4 takes a unit of every rank, where one has only 3 units of 2 rows",
          "start at most 1 rank, lower batch.unit, or set at most 3", underLauncher: true)
        expectRefusal(
          try svdist(run.arguments(steps: 1, ["batch.microBatches=3", "batch.unit=1", "batch.speakers=1"]), mpi: 2), 64,
          "only 2 units of 1 row: start at most 1 rank, or set at most 2", underLauncher: true)
        expectRefusal(
          try svdist(run.arguments(steps: 1, ["batch.microBatches=7"])), 64,
          "batch.microBatches: a batch of 12 rows has 6 units of 2 rows", "set at most 6, found 7")
        for options in [[], ["--keep-activations"]] {
          let outcome = try svdist(
            run.arguments(steps: 2, ["batch.microBatches=3"], options: options + ["--restart"]), mpi: 2)
          #expect(outcome.status == 0, "\(outcome.output)")
        }
        let other = try svdist(run.arguments(steps: 3, ["batch.microBatches=2"]))
        #expect(other.status == 64 && other.errors.contains("batch.microBatches was 3, is 2"), "\(other.errors)")
      }
    }
  }
}
