import ArgumentParser
import DistTrain

/// A file of scores, and what tells the answers and the speakers of its trials.
struct ScoreOptions: ParsableArguments {
  @Argument(help: "The file of scores.")
  var scores: String

  @Option(help: ArgumentHelp("A trial list with the answers.", valueName: "file"))
  var trials: String?

  @Option(help: ArgumentHelp("The data directory with the trials' utterances.", valueName: "folder"))
  var corpus: String?

  @Option(help: ArgumentHelp("The utterances of each enrolment, such as CN-Celeb's enroll.map.", valueName: "file"))
  var enrolmentMap: String?

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    if enrolmentMap != nil, corpus == nil { throw ValidationError("--enrolment-map is about utterances of --corpus") }
  }

  /// Adds the files that are read.
  func add(to inputs: inout InputPaths) {
    inputs.add(scores, "svdist threshold")
    inputs.add(trials, "--trials")
    inputs.add(enrolmentMap, "--enrolment-map")
  }

  /// The trials with their answers, and their scores. Says what is repeated and what was not used.
  func read() throws -> (list: TrialList, scores: [Float]) {
    let (list, values) = try read(scores, trials.map { try TrialList.read($0) })
    try list.checkBothKinds()
    if let line = list.repetitions { StandardError.say("warning: \(line.shown)") }
    return (list, values)
  }

  /// The trials and scores of a file; of a list with answers where one is given.
  func read(_ path: String, _ answers: TrialList?) throws -> (list: TrialList, scores: [Float]) {
    let file = try ScoreList.read(path)
    guard let answers else {
      guard !file.list.isBlind else {
        throw Failure(.usage, "\(path): has no answers: give --trials FILE with them")
      }
      return (file.list, file.scores)
    }
    let (scores, unused, contradicted) = try file.scores(of: answers)
    if contradicted > 0 {
      let line = "\(path): \(contradicted) of its answers are others than those of \(answers.path), which count"
      StandardError.say("warning: \(line.shown)")
    }
    if unused > 0 {
      messages.note("\(path): \(unused.counted("score")) \(unused.ifOne("is", "are")) of no trial of \(answers.path)")
    }
    return (answers, scores)
  }

  /// What is known of the trials' utterances. Says which answers the corpus contradicts.
  func properties(of list: TrialList, table: String?) throws -> TrialProperties {
    let properties = try TrialProperties(of: list, corpus: corpus, enrolmentMap: enrolmentMap, table: table)
    if let warning = properties.warning { StandardError.say("warning: \(warning.shown)") }
    return properties
  }
}
