import ArgumentParser
import DistTrain

/// `svdist score`: the scores that a back end gives the trials of a list.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Scores a trial list by a back end of svdist fit.",
    discussion: """
      Takes embeddings, and the lists that svdist evaluate takes, and writes lines of enrolment, test, score and answer, \
      as wespeaker does. It prints EER and minDCF where the list has answers. It is one process, with a thread for each \
      core: embedding is what takes long, and svdist embed does it on any number of ranks.

        svdist score --back-end back-end.safetensors --embeddings eval.ark --trials trials --scores scores
      """)

  @OptionGroup var backEnd: BackEndOptions

  @Option(help: ArgumentHelp("The embeddings of the trials, by svdist embed.", valueName: "file"))
  var embeddings: String

  @Option(
    help: ArgumentHelp("The embeddings of the enrolments, where they are in another file.", valueName: "file"))
  var enrolmentEmbeddings: String?

  @Option(help: ArgumentHelp("The trial list.", valueName: "file"))
  var trials: String

  @Option(help: ArgumentHelp("The utterances of each enrolment, such as CN-Celeb's enroll.map.", valueName: "file"))
  var enrolmentMap: String?

  @Option(help: ArgumentHelp("Write the scores here.", valueName: "file"))
  var scores: String?

  @Option(
    help: ArgumentHelp(
      "The encoder beside which a back end that is named is kept: a run folder, a checkpoint or its model.safetensors.",
      valueName: "path"))
  var encoder: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if backEnd.backEnd == nil { throw ValidationError("give --back-end, which svdist fit makes") }
  }

  func run() throws {
    ThreadTeam.shared.grow(to: Machine.threads(SoleCommunicator()))
    try checkScores()
    guard let loaded = try backEnd.read(besideEncoder: encoder) else { return try validate() }
    let list = try readTrials()
    let embeddings = try trialEmbeddings(loaded)
    try backEnd.checkCohort(loaded, embeddings.utterances(of: list))
    let values = try backEnd.scores(loaded, list, embeddings)
    try report(values, list, loaded)
    if let scores { try TrialScorer.write(values, of: list, to: scores) }
  }

  /// - Throws: `Failure(.usage)` where the scores would replace what is read here, or anything but scores.
  private func checkScores() throws {
    guard let scores else { return }
    var inputs = InputPaths()
    inputs.add(trials, "--trials")
    inputs.add(enrolmentMap, "--enrolment-map")
    inputs.add(embeddings, "--embeddings")
    inputs.add(enrolmentEmbeddings, "--enrolment-embeddings")
    backEnd.add(to: &inputs, besideEncoder: encoder)
    try inputs.refuse(scores, as: "--scores")
    try TrialScorer.check(scores)
  }

  private func readTrials() throws -> TrialList {
    let list = try TrialList.read(trials, allowsBlind: true)
    if list.isBlind, scores == nil {
      throw Failure(.usage, "\(trials): the list has no answers: give --scores FILE for its scores")
    }
    guard !(list.isBlind && json) else {
      throw Failure(.usage, "\(trials): the list has no answers, so that --json has no result")
    }
    if let repetitions = list.repetitions { StandardError.say("note: \(repetitions)".shown) }
    return list
  }

  private func trialEmbeddings(_ loaded: BackEnd) throws -> TrialEmbeddings {
    func read(_ path: String, _ option: String) throws -> Embeddings {
      let embeddings = try EmbeddingFile.read(path)
      if let note = try loaded.check(embeddings, "\(option) \(path)") { StandardError.say("note: \(note)".shown) }
      return embeddings
    }
    return try TrialEmbeddings(
      try read(embeddings, "--embeddings"),
      enrolments: enrolmentEmbeddings.map { try read($0, "--enrolment-embeddings") },
      map: enrolmentMap.map { try EnrolmentMap.read($0) })
  }

  private func report(_ values: [Float], _ list: TrialList, _ loaded: BackEnd) throws {
    guard !list.isBlind else {
      print("\(values.count) trials without answers scored")
      return
    }
    let metrics = try DetectionMetrics(scores: values, targets: list.targets)
    print(json ? metrics.json : "\(loaded.words)  \(metrics.summary)")
  }
}
