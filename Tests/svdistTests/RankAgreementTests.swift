import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Ranks that were not started alike, or stop being alive.
  @Suite struct RankAgreementTests {
    @Test func `ranks with other settings are refused, with the rank and the settings`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 4)
        let others = arguments + ["--set", "optimizer.momentum=0.5", "--set", "seed=7"]
        let program = try Program(
          "svdist", arguments + [":", "-n", "1", Program.path(of: "svdist")] + others, ranks: 2)
        expectRefusal(
          try program.finish(), 64, "rank 2 on ", "has other settings than rank 0 on ", "seed is 7 instead of 1",
          "optimizer.momentum is 0.5 instead of 0.9", underLauncher: true)
        #expect(run.metrics().isEmpty)
      }
    }

    @Test func `ranks of another program are refused before anything else`() throws {
      try SmallRun.with { run in
        let other = run.path("svdist-other")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: Program.path(of: "svdist")))
        bytes.append(0)
        try bytes.write(to: URL(fileURLWithPath: other))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: other)
        let arguments = run.arguments(steps: 4)
        let program = try Program("svdist", arguments + [":", "-n", "1", other] + arguments, ranks: 1)
        expectRefusal(
          try program.finish(), 64, "rank 1 on ", "runs another svdist (SHA-256 ", "than rank 0 on ",
          underLauncher: true)
        #expect(!FileManager.default.fileExists(atPath: run.path("run")))
      }
    }

    /// The C library takes other functions on a CPU without these features.
    @Test func `ranks that compute otherwise are refused with the rank and what differs`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 4)
        let other = ["env", "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA", try Program.path(of: "svdist")]
        let program = try Program("svdist", arguments + [":", "-n", "1"] + other + arguments, ranks: 2)
        expectRefusal(
          try program.finish(), 64, "rank 2 on ", "computes differently from rank 0 on ", "the C library's functions",
          "the same system libraries", underLauncher: true)
        #expect(run.metrics().isEmpty)
      }
    }

    @Test func `a stopped rank is named with its process, and with what the ranks were at`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 100_000, options: ["--timeout", "2"])
        let program = try Program("svdist", arguments, ranks: 3)
        try program.wait { run.metrics().count >= 4 }
        let process = try #require(program.process(ofRank: 1))
        kill(process, SIGSTOP)
        kill(try #require(program.process(ofRank: 0)), SIGTERM)
        let outcome = try program.finish()
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("note: rank 0 on ") && outcome.errors.contains(" got SIGTERM and waits in "))
        #expect(outcome.complaints.count == 1, "\(outcome.errors)")
        let line = outcome.complaints.first ?? ""
        #expect(line.contains("waited 2 s in "), "\(line)")
        // Ranks ask each other for stops after a step's line is written: who waits there is still at that step.
        let step = run.metrics().count + (line.contains(" in maximum of 4 doubles ") ? 0 : 1)
        #expect(line.contains(" step \(step); missing: rank 1 on "), "\(line)")
        // Others may wait in another operation, which is told after it.
        #expect(line.contains(" (process \(process), stopped)"), "\(line)")
      }
    }

    @Test(arguments: [
      ["encoder={channels: 256, layout: wespeaker}", "weighting.space=parameters"],
      ["encoder={channels: 256, layout: wespeaker}", "weighting.space=representation"],
      [
        "encoder={channels: 256, layout: wespeaker}",
        "batch={speakers: 3, utterances: 4, views: 4, unit: 2, microBatches: 3}",
        "views.augmented=[false, false, false, false]",
      ],
      ["encoder={type: resnet, depth: 18, channels: 32}"], ["encoder={type: campplus, channels: 64, growth: 16}"],
      ["encoder={type: x-vector, channels: 768, statistics: 3000}"], ["encoder={type: redimnet2, size: b0}"],
      ["encoder={type: redimnet, size: b0}"], ["encoder={type: redimnet, size: b2}"],
    ])
    func `the memory foretold at the start is what the steps take`(settings: [String]) throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 100_000, ["crop.seconds=6"] + settings, encoder: [])
        let program = try Program("svdist", arguments, ranks: 2)
        let foretold = try program.foretoldMemory()
        try program.wait { run.metrics().count >= 3 }
        let taken = try program.peakMemory(ofRank: 0)
        #expect(taken > 0.2 && abs(foretold - taken) < 0.15 * taken, "foretold \(foretold), taken \(taken) GB")
        program.killAll()
        _ = try program.finish()
      }
    }
  }
}
