import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// The lines of a run on standard output.
  @Suite struct OutputTests {
    @Test(arguments: [nil, 2]) func `output into a file is plain lines`(ranks: Int?) throws {
      try SmallRun.with { run in
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        let settings = [
          "corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.corpus.path)/trials", "evaluation.everySteps=5",
        ]
        let outcome = try svdist(run.arguments(steps: 10, settings, options: ["--log-every", "5"]), mpi: ranks)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors == "")
        #expect(!outcome.output.utf8.contains(13), "\(outcome.output)")
        #expect(!outcome.output.utf8.contains(27), "\(outcome.output)")
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(lines.contains("\(ranks == nil ? "1 rank" : "2 ranks") on 1 host, 1 thread each, ".prefixed(in: lines)))
        let steps = lines.filter { $0.hasPrefix("step ") && $0.contains("  epoch ") }
        #expect(steps.count == 2 && steps[0].hasPrefix("step  5/10  ") && steps[1].hasPrefix("step 10/10  "))
        #expect(lines.count { $0.contains("  held-out EER ") } == 3)
        #expect(lines.last == "done: 10 steps, \(run.path("run"))")
        let ends = lines.filter { $0.hasPrefix("held-out EER ") }
        #expect(ends.count == 1 && ends[0].contains(" % at step 0, ") && ends[0].contains(" % at step 10"), "\(ends)")
        // What was set is printed, and nothing else.
        #expect(lines.contains("  everySteps: 5") && !lines.contains { $0.hasPrefix("  temperature") })
      }
    }

    @Test func `folders and files whose names are one letter work from their own folder`() throws {
      try SmallRun.with { run in
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        try FileManager.default.moveItem(atPath: run.path("corpus/trials"), toPath: run.path("t"))
        try FileManager.default.moveItem(atPath: run.path("corpus"), toPath: run.path("c"))
        let training = run.arguments(steps: 1).map { $0.hasPrefix("corpus.train=") ? "corpus.train=d" : $0 }.dropFirst(
          2)
        for arguments in [
          ["prepare", "c", "-o", "d"], ["--run-dir", "r"] + training,
          ["embed", "--encoder", "r", "--corpus", "d", "--output", "e.ark"],
          ["evaluate", "--encoder", "r", "--corpus", "d", "--trials", "t", "--scores", "s"],
          ["evaluate", "--embeddings", "e.scp", "--trials", "t"],
        ] {
          let outcome = try svdist(arguments, directory: run.folder)
          #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        }
        #expect(
          Set(try FileManager.default.contentsOfDirectory(atPath: run.folder.path)).isSuperset(of: ["d", "r", "s"]))
      }
    }

    @Test func `the configuration in force is printed and stored`() throws {
      try SmallRun.with { run in
        let outcome = try svdist(run.arguments(steps: 1))
        let stored = try String(contentsOfFile: run.path("run/config.yaml"), encoding: .utf8)
        let printed = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(printed[0].hasPrefix("settings that differ from the defaults"))
        // All that is printed up to the empty line is stored, and the defaults are stored as well.
        let settings = printed.dropFirst().prefix { !$0.isEmpty }
        #expect(settings.count > 5 && settings.allSatisfy { stored.contains("\($0)\n") }, "\(settings)")
        #expect(stored.contains("  temperature: 0.07\n") && !settings.contains("  temperature: 0.07"))
        #expect(stored.contains("channels: 16\n"))
      }
    }
  }
}

extension String {
  /// The line that begins with this text; the text itself where there is none.
  fileprivate func prefixed(in lines: [String]) -> String { lines.first { $0.hasPrefix(self) } ?? self + "…" }
}
