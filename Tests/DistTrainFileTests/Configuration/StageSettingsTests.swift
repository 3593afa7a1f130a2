import DistTrain
import Foundation
import TestTools
import Testing

/// The settings of the stages of a run.
@Suite struct StageSettingsTests {
  private static let text = """
    crop: {seconds: 2}
    classification: {margin: 0.2}
    training: {steps: 100}
    stages:
      - {}
      - training:
          steps: 20
        crop: {seconds: 6}
        classification.margin: 0.5
        schedule.learningRate: {initial: 1.0e-4, final: 2.5e-5}
    """

  private func load(_ overrides: [String] = []) throws -> Configuration {
    var configuration: Configuration?
    try withConfigurationFile(Self.text) { configuration = try Configuration.load(file: $0, overrides: overrides) }
    return try #require(configuration)
  }

  private func failure(_ text: String?, _ overrides: [String] = []) throws -> String {
    var message = ""
    try withConfigurationFile(text ?? "") { file in
      let failure = #expect(throws: Failure.self) { try Configuration.load(file: file, overrides: overrides) }
      #expect(failure?.kind == .usage)
      message = failure?.message.replacing(file, with: "FILE") ?? "none"
    }
    return message
  }

  @Test func `a stage has the common settings wherever it names none of its own`() throws {
    let configuration = try load()
    let stages = configuration.ofStages
    #expect(configuration.steps == 120 && stages.map(\.training.steps) == [100, 20])
    #expect(stages.map(\.crop.seconds) == [2, 6] && stages.map(\.classification.margin) == [0.2, 0.5])
    #expect(stages.map(\.schedule.learningRate.initial) == [0.1, 1e-4])
    #expect(stages[1].schedule.learningRate.type == .exponential && stages.allSatisfy { $0.stages.isEmpty })
    #expect(stages[0] == configuration.ofFirstStage)
    let alone = try Configuration.load(file: nil)
    #expect(alone.ofStages == [alone] && alone.steps == alone.training.steps && !alone.yaml.contains("stages"))
  }

  @Test func `what follows from a setting follows from the stage's own`() throws {
    let own = try load(["stages[1].classification.scale=64"])
    #expect(own.ofStages.map(\.contrastive.attention.scale) == [32, 64])
    let given = try load(["stages[1].classification.scale=64", "contrastive.attention.scale=32"])
    #expect(given.ofStages.map(\.contrastive.attention.scale) == [32, 32])
  }

  @Test func `arguments set the common settings, a stage's, or all stages`() throws {
    let common = try load(["crop.seconds=3", "batch.speakers=8"])
    #expect(common.ofStages.map(\.crop.seconds) == [3, 6] && common.ofStages.map(\.batch.speakers) == [8, 8])
    let own = try load([
      "stages[1].crop.seconds=5", "stages[0]={crop: {seconds: 1, short: pad}}", "stages[1].crop={seconds: 4}",
    ])
    #expect(own.ofStages.map(\.crop.seconds) == [1, 4] && own.ofStages.map(\.crop.short) == [.pad, .tile])
    let others = try load(["stages=[{training.steps: 3}, {}, {crop: {seconds: 1}}]"])
    #expect(
      others.ofStages.map(\.training.steps) == [3, 100, 100] && others.ofStages.map(\.crop.seconds) == [2, 2, 1])
    #expect(try load(["stages=[]"]).stages.isEmpty)
  }

  @Test func `a stage that gives a folder has it made absolute like a common one`() throws {
    let folder = try TestFolder()
    try FileManager.default.createDirectory(atPath: folder.path("noises"), withIntermediateDirectories: true)
    try Data("stages: [{}, {augmentation: {noise: noises}}]\n".utf8).write(
      to: URL(fileURLWithPath: folder.path("c.yaml")))
    let stages = try Configuration.load(file: folder.path("c.yaml")).ofStages
    #expect(stages[0].augmentation.noise == nil)
    #expect(stages[1].augmentation.noise?.hasSuffix("/noises") == true)
    #expect(stages[1].augmentation.noise?.hasPrefix("/") == true)
  }

  @Test(arguments: [
    ("stages: 3\n", "FILE:1: stages: a list of groups of settings, found 3"),
    ("stages: [3]\n", "FILE:1: stages[0]: a group of settings (seed, corpus,"),
    ("stages:\n  - crop:\n      second: 3\n", "FILE:3: stages[0].crop.second: unknown setting; near: crop.seconds"),
    ("stages:\n  - {}\n  - crop: {seconds: x}\n", "FILE:3: stages[1].crop.seconds: expected a number, found x"),
    ("stages:\n  - crop: {seconds: 99}\n", "FILE:2: stages[0].crop.seconds: allowed is 0.2 to 60, found 99"),
    ("stages:\n  - crop.seconds: 1\n    crop: {seconds: 2}\n", "FILE:3: stages[0].crop.seconds: set twice: keep one"),
    ("stages: []\nstages: []\n", "FILE:1: stages: set twice in one group: keep one"),
    (
      "stages:\n  - crop: {seconds: 2}\n  - batch: {views: 3}\n",
      "stages[1]: views.augmented: needs one true or false for each of the 3 views"
    ),
    (
      "stages: [{training: {steps: 5}, schedule: {learningRate: {warmup: 6}}}]\n",
      "stages[0]: schedule.learningRate.warmup: at most training.steps (5), found 6"
    ),
    (
      "stages: [{training: {steps: 600000000}}, {training: {steps: 600000000}}]\n",
      "stages: their training.steps are 1200000000 in all, allowed is 1 to 1000000000"
    ),
    (
      "stages: [{}, {augmentation: {speed: {factors: [1, 1.1], asSpeakers: true}}}]\n",
      "stages[1].augmentation.speed.factors: with asSpeakers a stage may leave out speeds of the stage before, [1], but "
        + "add none, found [1, 1.1]"
    ),
    (
      "training: {steps: 1, average: {decay: 0.9, from: 21}}\nstages: [{training.steps: 10}, {training.steps: 10}]\n",
      "training.average.from: at most training.steps (20), found 21"
    ),
  ])
  func `what is wrong in a stage is said in one line that names it`(text: String, message: String) throws {
    let found = try failure(text)
    #expect(found.hasPrefix(message), "\(found)")
  }

  @Test(arguments: [
    "seed=2", "corpus.train=a", "corpus.minimumSeconds=1", "features.bins=40", "features.profile=kaldi",
    "encoder.type=resnet", "encoder.channels=512", "classification.subcenters=3", "optimizer.type=adam",
    "training.from=a", "training.fromClassifier=kept", "training.average.decay=0.9", "training.nonFinite=skip",
    "evaluation.everySteps=1", "checkpoint.keep=1", "stages=[]",
  ])
  func `a setting that all stages share is refused in one`(setting: String) throws {
    let key = String(setting.prefix { $0 != "=" })
    let override = "stages[0].\(setting)"
    #expect(
      try failure(nil, ["stages=[{}]", override])
        == "--set \(override): stages[0].\(key): the same in all stages: set \(key) once, beside stages")
  }

  @Test func `arguments for stages that are not there, and too many stages, are refused`() throws {
    #expect(
      try failure(Self.text, ["stages[2].crop.seconds=1"])
        == "--set stages[2].crop.seconds=1: there are 2 stages, which count from 0: set stages to a list first")
    #expect(try failure(nil, ["stages[0].crop.seconds=1"]).contains("there are 0 stages"))
    for key in ["stages[-1].crop.seconds", "stages[x].crop", "stages[99999999999999999999].crop", "stages[0]crop"] {
      #expect(try failure(Self.text, ["\(key)=1"]).contains("unknown setting"), "\(key)")
    }
    let many = "stages=[\(Array(repeating: "{}", count: 101).joined(separator: ", "))]"
    #expect(try failure(nil, [many]).hasSuffix(": stages: at most 100, found 101"))
  }

  @Test func `the stored settings have the stages, and read back as equal ones`() throws {
    let configuration = try load(["stages[1].classification.scale=64"])
    let end = """
      stages:
        - {}
        - crop:
            seconds: 6
          classification:
            scale: 64
            margin: 0.5
          contrastive:
            attention:
              scale: 64
          schedule:
            learningRate:
              initial: 0.0001
              final: 2.5e-5
          training:
            steps: 20

      """
    #expect(configuration.yaml.hasSuffix(end), "\(configuration.yaml)")
    for text in [configuration.yaml, configuration.explainedYAML] {
      try withConfigurationFile(text) { file in
        let readBack = try Configuration.load(file: file)
        #expect(readBack == configuration)
      }
    }
    #expect(configuration.explainedYAML.contains("\n      margin: 0.5 "))
  }

  @Test func `settings that differ in a stage are named with it, and those it takes over only once`() throws {
    let stored = try load()
    func differences(_ overrides: [String]) throws -> [[String]] {
      try load(overrides).differences(from: stored).map { [$0.key, $0.stored, $0.now] }
    }
    #expect(try differences([]).isEmpty)
    #expect(try differences(["stages[1].crop.seconds=5"]) == [["stages[1].crop.seconds", "6", "5"]])
    #expect(try differences(["crop.seconds=3"]) == [["crop.seconds", "2", "3"]])
    #expect(
      try differences(["crop.seconds=3", "stages[0].crop.seconds=4"]) == [
        ["crop.seconds", "2", "3"], ["stages[0].crop.seconds", "2", "4"],
      ])
    #expect(try differences(["stages=[{}]"]) == [["stages", "2", "1"]])
    #expect(try differences(["stages=[]"]) == [["stages", "2", "none"]])
    #expect(try differences(["checkpoint.keep=9"]).isEmpty)
  }

  @Test func `a remark on all stages stands once, one on a stage names it`() throws {
    let augmented = "augmentation.volume.probability=1"
    #expect(try load().notes.map { $0.prefix(20) } == ["no view is augmented"])
    #expect(try load(["stages[0].\(augmented)"]).notes.map { $0.prefix(31) } == ["stages[1]: no view is augmented"])
    #expect(try load([augmented]).notes.isEmpty)
  }

  @Test func `changes are accepted by keys of stages, of their groups and of all stages`() throws {
    let keys = ["stages", "stages[1]", "stages[1].crop", "stages[12].crop.seconds"]
    try Configuration.checkKeys(keys, option: "--allow-change")
    for key in ["stages[1].cropp", "stages[].crop", "stage", "stages.crop"] {
      #expect(throws: Failure.self, "\(key)") { try Configuration.checkKeys([key], option: "--allow-change") }
    }
  }

  @Test func `ranks that read other settings of a stage are told which`() throws {
    let configurations = try [load(), load(["stages[1].batch.unit=2"]), load(["stages=[{}]"])]
    for (other, words) in [(1, "stages[1].batch.unit is 2 instead of 4"), (2, "stages is 1 instead of 2")] {
      let failures = try ThreadCommunicator.run(ranks: 2) { communicator in
        #expect(throws: AgreedFailure.self) {
          try configurations[communicator.rank == 1 ? other : 0].agree(communicator)
        }
      }
      for failure in failures {
        let message = try #require(failure).failure.message
        #expect(message.contains(words), "\(message)")
      }
    }
    _ = try ThreadCommunicator.run(ranks: 2) { try configurations[0].agree($0) }
  }
}
