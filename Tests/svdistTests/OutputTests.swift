import DistTrain
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

    @Test(arguments: ["0", "-1", "5-3", "101-", "1-101", "9223372036854775807-1", "x", "1-2-3", "9223372036854775808"])
    func `a timeline is of a few steps`(steps: String) throws {
      expectRefusal(try svdist(["--run-dir", "none", "--timeline=\(steps)"]), 64, "--timeline", "such as 101-110")
    }

    @Test func `a timeline is of steps that the run takes`() throws {
      try SmallRun.with { run in
        for steps in ["4-5", "9223372036854775807"] {
          let outcome = try svdist(run.arguments(steps: 3, options: ["--timeline", steps, "--restart"]))
          #expect(
            outcome.status == 0 && outcome.output.contains(": this start takes steps 1 to 3\n"), "\(outcome.output)")
          #expect(!FileManager.default.fileExists(atPath: run.path("run/timeline.json")))
        }
        let outcome = try svdist(run.arguments(steps: 3, options: ["--timeline", "2-3", "--restart"]), mpi: 2)
        #expect(outcome.status == 0 && outcome.output.contains("timeline.json has steps 2 to 3 of all ranks"))
        #expect(FileManager.default.fileExists(atPath: run.path("run/timeline.json")))
        let again = try svdist(run.arguments(steps: 3, options: ["--restart"]))
        #expect(again.status == 0 && !FileManager.default.fileExists(atPath: run.path("run/timeline.json")))
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

    @Test(arguments: [nil, 2])
    func `a quiet training prints its last line, and warnings as errors`(ranks: Int?) throws {
      try SmallRun.with { run in
        let settings = try run.evaluation()
        let outcome = try svdist(run.arguments(steps: 4, settings, options: ["--quiet"]), mpi: ranks)
        #expect(outcome.status == 0 && outcome.output == "done: 4 steps, \(run.path("run"))\n", "\(outcome.output)")
        let warnings = outcome.errors.split(separator: "\n")
        #expect(warnings.allSatisfy { $0.hasPrefix("warning: ") }, "\(outcome.errors)")
        #expect(warnings.contains { $0.hasPrefix("warning: corpus.train and corpus.evaluation share ") })
      }
    }

    @Test func `a training that is stopped says so, quiet or as JSON`() throws {
      try SmallRun.with { run in
        for options in [["--quiet"], ["--log-format", "json"]] {
          let name = "run\(options.count)"
          let program = try Program("svdist", run.arguments(steps: 100_000, into: name, options: options))
          try program.wait { run.metrics(name).count >= 3 }
          program.send(SIGTERM)
          let outcome = try program.finish()
          #expect(outcome.status == 75, "\(outcome.errors)")
          let step = run.metrics(name).last?.step ?? 0
          let end = "stopped by SIGTERM after step \(step): the same command resumes the run"
          if options == ["--quiet"] {
            #expect(outcome.output == end + "\n")
          } else {
            let last = try events(of: outcome).last
            #expect(last?.event == "end" && last?.status == "stopped" && last?.step == step && last?.text == end)
          }
        }
      }
    }

    @Test(arguments: [nil, 2])
    func `each line of a JSON log is an event, also where a run resumes`(ranks: Int?) throws {
      try SmallRun.with { run in
        let settings = try run.evaluation()
        let options = ["--log-format", "json", "--log-every", "2"]
        let first = try events(of: svdist(run.arguments(steps: 6, settings, options: options), mpi: ranks))
        #expect(first.first?.event == "settings" && first.last?.event == "end" && first.last?.status == "done")
        #expect(first.last?.text == "done: 6 steps, \(run.path("run"))")
        let steps = first.filter { $0.event == "step" }
        #expect(steps.compactMap(\.step) == [2, 4, 6])
        let logged = run.metrics().filter { $0.step % 2 == 0 }.map { $0["classification"].loss }
        #expect(steps.compactMap(\.classificationLoss) == logged)
        let warnings = first.filter { $0.event == "warning" }.compactMap(\.text)
        #expect(warnings.contains { $0.hasPrefix("corpus.train and corpus.evaluation share ") }, "\(warnings)")
        let evaluations = first.filter { $0.event == "evaluation" }
        #expect(evaluations.compactMap(\.step) == [0, 3, 6])
        #expect(evaluations.last?.text?.hasPrefix("step 6/6  held-out EER ") == true)

        let longer = run.arguments(steps: 8, settings, options: options + ["--allow-change", "training.steps"])
        let resumed = try events(of: svdist(longer, mpi: ranks))
        #expect(resumed.first?.event == "settings" && resumed.last?.step == 8)
        #expect(resumed.filter { $0.event == "step" }.compactMap(\.step) == [8])
        #expect(resumed.contains { $0.event == "note" && $0.text?.hasPrefix("resuming from step 6, ") == true })
      }
    }

    @Test func `a form of the log that there is not is refused with those that there are`() throws {
      expectUsage(try svdist(["--run-dir", "x", "--log-format", "xml"]), "--log-format", "text", "json")
      expectUsage(
        try svdist(["--check-gradients", "--log-format", "json"]), "--check-gradients prints a table: leave out")
    }

    @Test func `quiet commands print the same results and no notes`() throws {
      try SmallRun.withEncoder { run in
        let encoder = ["--encoder", run.path("run")]
        let corpus = ["--corpus", run.corpus.path]
        try FileManager.default.createDirectory(atPath: run.path(".data.12.partial"), withIntermediateDirectories: true)
        let wav = run.path("corpus/s0-u0.wav")
        for arguments in [
          ["embed"] + encoder + corpus + ["--output", run.path("e.ark")],
          ["evaluate"] + encoder + corpus + ["--trials", run.path("corpus/trials")],
          ["verify", wav, wav] + encoder, ["export", run.path("run"), "--output", run.path("e.onnx")],
          ["prepare", run.corpus.path, "--output", run.path("data"), "--overwrite"],
        ] {
          let loud = try svdist(arguments)
          let quiet = try svdist(arguments + ["--quiet"])
          #expect(loud.status == 0 && loud.errors.contains("note: "), "\(arguments): \(loud.errors)")
          #expect(quiet.status == 0 && quiet.errors == "", "\(arguments): \(quiet.errors)")
          let results = loud.output.split(separator: "\n").filter { !$0.hasPrefix("note: ") }
          #expect(quiet.output.split(separator: "\n") == results, "\(arguments): \(quiet.output)")
        }
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

/// A line of a JSON log.
private struct Event: Decodable {
  let event: String
  let text: String?
  let status: String?
  let step: Int?
  let classificationLoss: Double?
}

/// The events that a run printed, one in each line.
private func events(of outcome: Outcome) throws -> [Event] {
  #expect(outcome.errors == "", "\(outcome.errors)")
  return try outcome.output.split(separator: "\n").map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
}

extension SmallRun {
  /// Settings by which a run evaluates on trials of its corpus, which are written.
  fileprivate func evaluation() throws -> [String] {
    try GeneratedCorpus.writeTrials(to: corpus, speakers: 4, utterances: 4)
    return ["corpus.evaluation=\(corpus.path)", "corpus.trials=\(corpus.path)/trials", "evaluation.everySteps=3"]
  }
}

extension String {
  /// The line that begins with this text; the text itself where there is none.
  fileprivate func prefixed(in lines: [String]) -> String { lines.first { $0.hasPrefix(self) } ?? self + "…" }
}
