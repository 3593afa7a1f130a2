import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `svdist plan`.
  @Suite struct PlanCommandTests {
    private static let small = [
      "plan", "--steps", "1", "--set", "encoder.channels=16", "--set", "crop.seconds=0.3", "--set",
      "batch={speakers: 8, utterances: 2, views: 1}", "--set", "views.augmented=[false]",
    ]

    @Test func `a table has a line for each number of ranks`() throws {
      let outcome = try svdist(Self.small + ["--ranks", "1", "2", "4", "--per-host", "2", "--speakers", "30"])
      #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
      #expect(outcome.output.contains("30 speakers, batches of 16 rows of 0.3 s"), "\(outcome.output)")
      let rows = outcome.output.split(separator: "\n").suffix(3).map { $0.split(separator: " ").prefix(4) }
      #expect(rows == [["1", "1", "1", "16"], ["2", "1", "2", "8"], ["4", "2", "4", "4"]])
    }

    @Test func `where nothing says how many ranks, they are as many as micro-batches allow`() throws {
      let outcome = try svdist(Self.small + ["--speakers", "30", "--set", "batch.microBatches=2"])
      #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
      let rows = outcome.output.split(separator: "\n").suffix(2).map { $0.split(separator: " ").first }
      #expect(rows == ["1", "2"], "\(outcome.output)")
    }

    @Test func `the speakers are those of the corpus, and a slower network costs time`() throws {
      try SmallRun.with(speakers: 8) { run in
        func step(_ latency: String) throws -> Double {
          let arguments = ["--ranks", "4", "--per-host", "1", "--latency", latency, "--json"]
          let outcome = try svdist(Self.small + arguments + ["--set", "corpus.train=\(run.corpus.path)"])
          #expect(outcome.status == 0, "\(outcome.errors)")
          let read = try JSONDecoder().decode([[String: Double]].self, from: Data(outcome.output.utf8))
          return try #require(read[0]["waiting"])
        }
        let (near, far) = (try step("0"), try step("100000"))
        #expect(near < 0.1 && far > 1, "\(near), \(far)")
      }
    }

    @Test func `ranks of a job compute at once and one of them prints`() throws {
      let outcome = try svdist(Self.small + ["--ranks", "4"], mpi: 2)
      #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.count == 4 && lines[1].hasPrefix("computed by 2 ranks on 1 host"), "\(outcome.output)")
      #expect(lines[3].split(separator: " ").prefix(2) == ["4", "2"])
    }

    @Test(arguments: [
      (["--ranks", "0"], "--ranks: 1 to 65536, found 0"),
      (["--ranks", "5"], "5 ranks for a global batch of 4 units of 4 rows"),
      (["--speakers", "1"], "--speakers: 2 to 10000000, found 1"),
      (["--speakers", "5"], "--speakers: a batch has 8 (batch.speakers), found 5"),
      (["--bandwidth", "0"], "--bandwidth: 0.001 to 100000.0 Gbit/s, found 0.0"),
      (["--per-hosts", "2"], "--per-host"),
    ])
    func `wrong numbers are refused in one line`(arguments: [String], words: String) throws {
      let outcome = try svdist(Self.small + arguments)
      #expect(outcome.status == 64 && outcome.output == "")
      #expect(outcome.errors.contains(words) && outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }
  }
}
