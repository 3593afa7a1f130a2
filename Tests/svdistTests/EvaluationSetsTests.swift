import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Trainings that are evaluated on several sets, and `svdist evaluate` on several at once.
  @Suite struct EvaluationSetsTests {
    private static let steps = 6
    private static let titles = ["held-out", "an4", "arabic"]

    /// The names of a set's files after evaluations at these steps, the last one included.
    private static func files(ofSteps steps: Int...) -> [String] {
      ["best-result.json", "best-scores", "embeddings.safetensors", "result.json", "scores"]
        + steps.map { "step-\($0).json" } + ["utterances.tsv"]
    }

    @Test func `each set has its lines and its folder, with what an evaluation of its own has`() throws {
      try withSets { run in
        let outcome = try train(run, ["an4", "arabic"])
        for (title, step) in Self.titles.flatMap({ title in [0, 3, 6].map { (title, $0) } }) {
          let line = "step \(step)/6  \(title) EER "
          #expect(outcome.output.components(separatedBy: line).count == 2, "\(line): \(outcome.output)")
        }
        for title in Self.titles { #expect(summary(of: title, outcome).contains(" at step 0, "), "\(outcome.output)") }
        for name in ["an4", "arabic"] {
          let folder = run.path("run/evaluation/\(name)")
          let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
          #expect(names == Self.files(ofSteps: 0, 3, 6))
          let corpus = run.path(name)
          let alone = try svdist([
            "evaluate", "--encoder", run.path("run"), "--corpus", corpus, "--trials", corpus + "/trials", "--json",
            "--scores", run.path("scores"),
          ])
          #expect(alone.status == 0, "\(alone.errors)")
          let (result, scores) = try (text("\(folder)/result.json"), text("\(folder)/scores"))
          #expect(try text("\(folder)/step-6.json") == result && alone.output == result)
          #expect(try text(run.path("scores")) == scores)
        }
        // The training and the set that decides the best checkpoint don't know of the others.
        try train(run, [], into: "plain")
        try run.expectSame("run", "plain", step: Self.steps)
        for file in ["result.json", "scores", "step-0.json", "step-3.json", "step-6.json"] {
          let (own, plain) = try (text(run.path("run/evaluation/\(file)")), text(run.path("plain/evaluation/\(file)")))
          #expect(own == plain, "\(file)")
        }
        let best = try ["run", "plain"].map {
          try FileManager.default.destinationOfSymbolicLink(atPath: run.path("\($0)/checkpoints/best"))
        }
        #expect(best[0] == best[1])
      }
    }

    @Test func `two ranks leave the results of one`() throws {
      try withSets { run in
        try train(run, ["an4", "arabic"], into: "one")
        try train(run, ["an4", "arabic"], into: "two", ranks: 2)
        for name in ["an4", "arabic"] {
          for file in ["result.json", "scores", "step-0.json", "step-3.json", "step-6.json"] {
            let path = "evaluation/\(name)/\(file)"
            let (one, two) = try (text(run.path("one/\(path)")), text(run.path("two/\(path)")))
            #expect(one == two, "\(path)")
          }
        }
      }
    }

    @Test(arguments: [nil, 2])
    func `a set that a resume adds is all that it evaluates, and one that it leaves out keeps its results`(
      ranks: Int?
    ) throws {
      try withSets { run in
        try train(run, ["an4"], ranks: ranks)
        // Whatever a step's file holds, the step is not evaluated again.
        let marks = ["run/evaluation/step-6.json", "run/evaluation/an4/step-6.json"].map { run.path($0) }
        for mark in marks { try "{\"eer\": 77}\n".write(toFile: mark, atomically: true, encoding: .utf8) }
        let added = try train(run, ["an4", "arabic"], ranks: ranks)
        #expect(added.output.contains("the last evaluation is still to be made"), "\(added.output)")
        #expect(added.output.contains("step 6/6  arabic EER "), "\(added.output)")
        #expect(!added.output.contains("step 6/6  held-out EER ") && !added.output.contains("step 6/6  an4 EER "))
        for mark in marks { #expect(try text(mark) == "{\"eer\": 77}\n") }
        let names = try FileManager.default.contentsOfDirectory(atPath: run.path("run/evaluation/arabic")).sorted()
        #expect(names == Self.files(ofSteps: 6))
        let removed = try train(run, [], ranks: ranks)
        #expect(!removed.output.contains("step 6/6"), "\(removed.output)")
        #expect(summary(of: "arabic", removed).hasSuffix(" at step 6"), "\(removed.output)")
      }
    }

    @Test func `a run that goes back, or starts over, forgets what all sets had of the steps to come`() throws {
      try withSets { run in
        try train(run, ["an4", "arabic"])
        try FileSystem.remove(run.path("run/checkpoints/step-00000006"))
        let left = try FileManager.default.contentsOfDirectory(atPath: run.path("run/evaluation/an4"))
        #expect(left.contains("step-6.json"))
        let resumed = try train(run, ["arabic"])
        #expect(resumed.output.contains("step 6/6  arabic EER ") && !resumed.output.contains("step 3/6  arabic EER "))
        let names = try FileManager.default.contentsOfDirectory(atPath: run.path("run/evaluation/an4"))
        #expect(!names.contains("step-6.json") && names.contains("step-3.json"))
        try train(run, ["arabic"], options: ["--restart"])
        let rest = try FileManager.default.contentsOfDirectory(atPath: run.path("run/evaluation/an4"))
        #expect(!rest.contains { $0.hasPrefix("step-") })
      }
    }

    @Test func `events name the set, and null stands for that of corpus.evaluation`() throws {
      struct Event: Decodable {
        let event: String
        let step: Int?
        let set: String?
        let text: String?
      }
      try withSets { run in
        let outcome = try train(run, ["an4"], options: ["--log-format", "json"])
        let lines = outcome.output.split(separator: "\n")
        let events = try lines.map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
          .filter { $0.event == "evaluation" }
        #expect(events.map(\.step) == [0, 0, 3, 3, 6, 6])
        #expect(events.map(\.set) == [nil, "an4", nil, "an4", nil, "an4"])
        #expect(lines.count { $0.contains("\"set\":null") } == 3)
        let result = try text(run.path("run/evaluation/an4/result.json"))
        // The figures without the braces and the end of the line.
        let members = result.dropFirst().dropLast(2)
        #expect(lines.contains { $0.contains("\"step\":6,\"steps\":6,\"set\":\"an4\",\(members),\"text\":") })
        #expect(events.last?.text?.hasPrefix("step 6/6  an4 EER ") == true)
      }
    }

    @Test func `a set that cannot be read, or shares the training's speakers, is refused at the start`() throws {
      try withSets { run in
        let none = run.path("none")
        let missing = settings(run, []) + ["evaluation.sets=[{corpus: \(none), trials: \(none)/trials}]"]
        for ranks in [nil, 2] {
          expectRefusal(
            try svdist(run.arguments(steps: Self.steps, missing), mpi: ranks), 65, "evaluation.sets, none: \(none)",
            underLauncher: ranks != nil)
        }
        // Other speakers than those of the training for corpus.evaluation.
        try keepSpeakers(4..<6, of: run.path("arabic"))
        let other = [
          "corpus.evaluation=\(run.path("arabic"))", "corpus.trials=\(run.path("arabic"))/trials",
          "evaluation.sets=[{corpus: \(run.path("an4")), trials: \(run.path("an4"))/trials}]",
        ]
        let strict = run.arguments(steps: Self.steps, other).filter { $0 != "--allow-overlap" }
        expectRefusal(try svdist(strict), 65, "corpus.train and the corpus of an4 (evaluation.sets) share")
        let allowed = try svdist(run.arguments(steps: Self.steps, other))
        #expect(allowed.status == 0, "\(allowed.errors)")
        let warning = "warning: corpus.train and the corpus of an4 (evaluation.sets) share "
        #expect(
          allowed.output.contains(warning) && !allowed.output.contains("corpus.train and corpus.evaluation share"))
      }
    }

    @Test func `a recording of a set that vanishes stops no training, and the last evaluation says it`() throws {
      try withSets { run in
        let all = run.arguments(steps: 60, settings(run, ["an4"]) + ["evaluation.everySteps=10"])
        let program = try Program("svdist", all)
        try program.wait { run.metrics().count >= 2 }
        let recording = URL(fileURLWithPath: run.path("an4/s1-u1.wav"))
        let bytes = try Data(contentsOf: recording)
        try FileManager.default.removeItem(at: recording)
        let outcome = try program.finish()
        expectRefusal(outcome, 65, "an4/s1-u1.wav: no such file")
        #expect(outcome.output.contains("warning: no evaluation of an4 at step "), "\(outcome.output)")
        #expect(FileManager.default.fileExists(atPath: run.path("run/evaluation/result.json")))
        #expect(!FileManager.default.fileExists(atPath: run.path("run/evaluation/an4/result.json")))
        try bytes.write(to: recording)
        let resumed = try svdist(all)
        #expect(resumed.status == 0 && !resumed.output.contains("step 60/60  held-out EER "), "\(resumed.output)")
        #expect(FileManager.default.fileExists(atPath: run.path("run/evaluation/an4/result.json")))
      }
    }

    @Test(arguments: [nil, 2])
    func `one call scores several sets as calls of their own do`(ranks: Int?) throws {
      try withSets { run in
        try train(run, [])
        let encoder = ["evaluate", "--encoder", run.path("run")]
        func pair(_ name: String) -> [String] { ["--corpus", run.path(name), "--trials", run.path("\(name)/trials")] }
        let alone = try ["an4", "arabic", "an4"].map { try svdist(encoder + pair($0), mpi: ranks) }
        let together = try svdist(encoder + pair("an4") + pair("arabic") + pair("an4"), mpi: ranks)
        #expect(together.status == 0, "\(together.errors)")
        let parts = zip(["an4", "arabic", "an4"], alone).map { name, outcome in
          "\(run.path(name)): \(run.path("\(name)/trials"))\n\(outcome.output)"
        }
        #expect(together.output == parts.joined())
        let taken = "its newest checkpoint is taken"
        #expect(together.errors.components(separatedBy: taken).count == 2, "\(together.errors)")
        let json = try svdist(encoder + pair("an4") + pair("arabic") + ["--json"], mpi: ranks).output
        let results = try ["an4", "arabic"].map { name in
          let own = try svdist(encoder + pair(name) + ["--json"], mpi: ranks).output
          return "{\"corpus\":\"\(run.path(name))\",\"list\":\"\(run.path("\(name)/trials"))\",\(own.dropFirst())"
        }
        #expect(json == results.joined())
      }
    }

    @Test func `lists of one corpus are scored by the same embeddings`() throws {
      try withSets { run in
        try train(run, [])
        let few = run.path("few")
        let lines = try text(run.path("an4/trials")).split(separator: "\n")
        let both = ["target", "nontarget"].compactMap { kind in lines.first { $0.hasSuffix(" \(kind)") } }
        try (both.joined(separator: "\n") + "\n").write(toFile: few, atomically: true, encoding: .utf8)
        let outcome = try svdist([
          "evaluate", "--encoder", run.path("run"), "--corpus", run.path("an4"), "--trials", run.path("an4/trials"),
          "--corpus", run.path("an4"), "--trials", few,
        ])
        #expect(outcome.status == 0 && outcome.output.hasSuffix("(2 trials, 1 targets)\n"), "\(outcome.output)")
        #expect(outcome.errors.components(separatedBy: " utterances/s, real-time factor ").count == 2)
      }
    }

    @Test func `sets without a list each, and options of one set beside several, are refused in a line`() throws {
      try withSets { run in
        let (a, b) = (run.path("an4"), run.path("arabic"))
        let encoder = ["evaluate", "--encoder", run.path("run")]
        let two = encoder + ["--corpus", a, "--trials", a + "/trials", "--corpus", b, "--trials", b + "/trials"]
        expectUsage(
          try svdist(Array(two.dropLast(2))),
          "each --corpus goes with a --trials: found 2 of --corpus and 1 of --trials")
        expectUsage(try svdist(two + ["--trials", a]), "found 2 of --corpus and 3 of --trials")
        expectUsage(try svdist(encoder + ["--corpus", a]), "Missing expected argument '--trials <file>'")
        expectUsage(
          try svdist(["evaluate", "--embeddings", a, "--trials", a, "--trials", b]),
          "--embeddings is scored by one list: give one --trials, found 2")
        for (option, value) in [("--scores", "s"), ("--enrolment-map", "m"), ("--protocol", "voxceleb1-o")] {
          expectUsage(
            try svdist(two + [option, value]), "\(option) is for one set: evaluate each set by a call of its own")
        }
      }
    }
  }
}

/// Calls `body` with a run's corpus of four speakers, and two further corpora with trials.
private func withSets(_ body: (SmallRun) throws -> Void) throws {
  try SmallRun.with { run in
    try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
    for (name, speakers) in [("an4", 3), ("arabic", 6)] {
      let folder = run.folder.appending(path: name)
      try GeneratedCorpus.write(to: folder, speakers: speakers, utterances: 3)
      try GeneratedCorpus.writeTrials(to: folder, speakers: speakers, utterances: 3)
    }
    try body(run)
  }
}

/// Settings that evaluate on the run's own corpus and on further ones.
private func settings(_ run: SmallRun, _ names: [String]) -> [String] {
  let sets = names.map { "{corpus: \(run.path($0)), trials: \(run.path($0))/trials}" }.joined(separator: ", ")
  return [
    "corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.corpus.path)/trials", "evaluation.everySteps=3",
    "checkpoint.everySteps=3", "evaluation.sets=[\(sets)]",
  ]
}

@discardableResult
private func train(
  _ run: SmallRun, _ names: [String], into name: String = "run", ranks: Int? = nil, options: [String] = []
) throws -> Outcome {
  let outcome = try svdist(run.arguments(steps: 6, settings(run, names), into: name, options: options), mpi: ranks)
  #expect(outcome.status == 0, "\(outcome.errors)")
  return outcome
}

/// Leaves only some speakers in a corpus's lists and trials.
private func keepSpeakers(_ speakers: Range<Int>, of corpus: String) throws {
  func isKept(_ id: Substring) -> Bool { speakers.contains { id.hasPrefix("s\($0)-") } }
  for list in ["wav.scp", "utt2spk", "utt2dur", "trials"] {
    let lines = try text("\(corpus)/\(list)").split(separator: "\n").filter { line in
      line.split(separator: " ").prefix(list == "trials" ? 2 : 1).allSatisfy(isKept)
    }
    try (lines.joined(separator: "\n") + "\n").write(toFile: "\(corpus)/\(list)", atomically: true, encoding: .utf8)
  }
}

/// The line of a run's end about a set.
private func summary(of title: String, _ outcome: Outcome) -> String {
  outcome.output.split(separator: "\n").map(String.init).last { $0.hasPrefix("\(title) EER ") } ?? ""
}

private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
