import DistTrain
import Foundation
import TestTools
import Testing

/// The settings of further sets to evaluate on.
@Suite struct EvaluationSetSettingsTests {
  private static let primary = "corpus: {evaluation: e, trials: t}\n"

  private func load(_ text: String, _ overrides: [String] = []) throws -> Configuration {
    var configuration: Configuration?
    try withConfigurationFile(Self.primary + text) {
      configuration = try Configuration.load(file: $0, overrides: overrides)
    }
    return try #require(configuration)
  }

  private func refusal(_ text: String, _ overrides: [String] = []) throws -> String {
    var message = ""
    try withConfigurationFile(text) { file in
      let failure = #expect(throws: Failure.self) { try Configuration.load(file: file, overrides: overrides) }
      #expect(failure?.kind == .usage)
      message = failure?.message.replacing(file, with: "FILE") ?? "none"
    }
    #expect(!message.contains("\n"))
    return message
  }

  @Test func `sets have their names, or those of their corpora's folders`() throws {
    let text = """
      evaluation:
        sets:
          - name: an4
            corpus: data/an4/evaluation
            trials: data/an4/evaluation/trials
          - {corpus: data/arabic/, trials: 'a b'}
          - {name: null, corpus: data/x.1, trials: c}
      """
    let sets = try load(text).evaluation.sets
    #expect(sets.map(\.name) == ["an4", "arabic", "x.1"])
    #expect(sets.map(\.corpus) == ["data/an4/evaluation", "data/arabic/", "data/x.1"])
    #expect(sets.map(\.trials) == ["data/an4/evaluation/trials", "a b", "c"])
    #expect(try load("evaluation: {sets: []}\n").evaluation.sets.isEmpty)
    #expect(try load("evaluation:\n  sets:\n").evaluation.sets.isEmpty)
  }

  @Test func `an argument takes the place of the list, and the stored list reads back as an equal one`() throws {
    let text = "evaluation: {sets: [{corpus: data/an4, trials: a}]}\n"
    let one = try load(text, ["evaluation.sets=[{name: 'no', corpus: 'a: b', trials: b}]"])
    #expect(one.evaluation.sets.map(\.name) == ["no"])
    #expect(one.yaml.contains("\n  sets: [{name: \"no\", corpus: \"a: b\", trials: b}]\n"))
    try withConfigurationFile(one.yaml) { file in
      let readBack = try Configuration.load(file: file)
      #expect(readBack == one)
    }
    #expect(try load(text, ["evaluation.sets=[]"]).evaluation.sets.isEmpty)
  }

  @Test func `paths of a set that lie beside the file are made absolute`() throws {
    let folder = try TestFolder()
    try folder.write("an4/trials", [UInt8]())
    try folder.write("c.yaml", Array((Self.primary + "evaluation: {sets: [{corpus: an4, trials: an4/trials}]}\n").utf8))
    let set = try #require(try Configuration.load(file: folder.path("c.yaml")).evaluation.sets.first)
    #expect(set.name == "an4")
    #expect(set.corpus == folder.path("an4") && set.trials == folder.path("an4/trials"))
  }

  @Test(arguments: [
    ("3", "FILE:2: evaluation.sets: expected a list, each a group {name, corpus, trials}, found 3"),
    ("[3]", "FILE:2: evaluation.sets[0]: expected a group {name, corpus, trials}, found 3"),
    ("[{corpus: a}]", "FILE:2: evaluation.sets[0].trials: missing: name the trial list over the set's corpus"),
    (
      "[{corpus: a, trials: b}, {trials: b}]",
      "FILE:2: evaluation.sets[1].corpus: missing: name the data directory of the set"
    ),
    ("[{corpus: a, trial: b}]", "FILE:2: evaluation.sets[0].trial: unknown setting; near: trials"),
    ("[{folder: a}]", "FILE:2: evaluation.sets[0].folder: unknown setting; a set has name, corpus, trials"),
    ("[{corpus: [a], trials: b}]", "FILE:2: evaluation.sets[0].corpus: expected a path, found the list [a]"),
    ("[{corpus: a, trials: null}]", "FILE:2: evaluation.sets[0].trials: expected a path, found null"),
    ("[{name: {}, corpus: a, trials: b}]", "FILE:2: evaluation.sets[0].name: expected a name, found a group ()"),
    ("[{corpus: a, trials: b, corpus: c}]", "FILE:2: corpus: set twice in one group: keep one"),
    (
      "[{corpus: a/x, trials: b}, {corpus: b/X, trials: b}]",
      "evaluation.sets[1].name: X is the name of evaluation.sets[0] too: give each its own"
    ),
  ])
  func `what is wrong in a list of sets is said in one line that names it`(list: String, message: String) throws {
    let found = try refusal(Self.primary + "evaluation: {sets: \(list)}\n")
    #expect(found == message)
  }

  @Test(arguments: ["a b", "a/b", ".", "..", ".x", "-x", "été", "a\\tb", String(repeating: "a", count: 101)])
  func `a name that could not be that of a folder is refused`(name: String) throws {
    let found = try refusal(Self.primary + "evaluation: {sets: [{name: \"\(name)\", corpus: a, trials: b}]}\n")
    #expect(found.hasPrefix("evaluation.sets[0].name: allowed are up to 100 letters"), "\(found)")
  }

  @Test(arguments: [
    "scores", "Scores", "result.json", "step-1.json", "step-x", "held-out", "utterances.tsv", "best-scores",
  ])
  func `a name that results of corpus.evaluation have is refused`(name: String) throws {
    let found = try refusal(Self.primary + "evaluation: {sets: [{name: \(name), corpus: a, trials: b}]}\n")
    #expect(found.hasPrefix("evaluation.sets[0].name: \(name) is how corpus.evaluation or one of"), "\(found)")
  }

  @Test(arguments: ["", "corpus: {evaluation: e}\n"])
  func `sets without the one that decides the best checkpoint are refused`(corpus: String) throws {
    #expect(
      try refusal(corpus + "evaluation: {sets: [{corpus: a, trials: b}]}\n")
        == "evaluation.sets: set without corpus.evaluation and corpus.trials: set both, since their EER decides which "
        + "checkpoint is the best")
  }

  @Test func `a set is not set alone, and not in a stage, and there are not too many`() throws {
    let alone = try refusal(Self.primary, ["evaluation.sets[0].corpus=a"])
    #expect(alone.hasPrefix("--set evaluation.sets[0].corpus=a: the list is set as a whole: evaluation.sets=["))
    let staged = try refusal(Self.primary + "stages: [{evaluation: {sets: []}}]\n")
    #expect(staged.hasPrefix("FILE:2: stages[0].evaluation.sets: the same in all stages"))
    let many = (0..<101).map { "{name: s\($0), corpus: a, trials: b}" }.joined(separator: ", ")
    #expect(
      try refusal(Self.primary, ["evaluation.sets=[\(many)]"]).hasSuffix(": evaluation.sets: at most 100, found 101"))
  }

  @Test func `a run may go on with other sets`() throws {
    let (none, some) = (try load(""), try load("evaluation: {sets: [{corpus: a, trials: b}]}\n"))
    #expect(none != some)
    #expect(none.differences(from: some).isEmpty && some.differences(from: none).isEmpty)
  }

  @Test func `ranks that read other sets are told`() throws {
    let configurations = [try load(""), try load("evaluation: {sets: [{corpus: a, trials: b}]}\n")]
    let failures = try ThreadCommunicator.run(ranks: 2) { communicator in
      #expect(throws: AgreedFailure.self) { try configurations[communicator.rank].agree(communicator) }
    }
    for failure in failures {
      let message = try #require(failure).failure.message
      #expect(message.contains("evaluation.sets is [{name: a, corpus: a, trials: b}] instead of []"), "\(message)")
    }
  }
}
