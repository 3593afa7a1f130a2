import ArgumentParser
import DistTrain

/// `svdist score`: the scores that a back end gives the trials of a list.
struct ScoreCommand: RanksCommand, EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Scores a trial list by a back end of svdist fit.",
    discussion: """
      Takes embeddings, and the lists that svdist evaluate takes, and writes lines of enrolment, test, score and answer, \
      as wespeaker does. It prints EER and minDCF where the list has answers. Under mpirun the ranks share the trials and \
      the scores against the cohort.

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

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    if backEnd.backEnd == nil { throw ValidationError("give --back-end, which svdist fit makes") }
  }

  func run() throws {
    let command = self
    Program.runRanks { communicator in
      ThreadTeam.shared.grow(to: Machine.threads(communicator))
      let inputs = try communicator.agree { try command.read() }
      if communicator.rank == 0 {
        for note in inputs.notes { command.messages.note(note) }
      }
      let values = try inputs.loaded.scores(of: inputs.list, inputs.embeddings, communicator, command.messages)
      try communicator.agree {
        guard communicator.rank == 0 else { return }
        try command.report(values, inputs)
      }
      return .done
    }
  }

  /// What the scores are made of.
  private struct Inputs {
    let loaded: BackEndOptions.Loaded
    let list: TrialList
    let embeddings: TrialEmbeddings
    /// The identity of their encoder; nil where it is not known.
    let encoder: String?
    /// Lines to be said once.
    var notes: [String]
  }

  private func read() throws -> Inputs {
    try checkScores()
    guard let loaded = try backEnd.read(besideEncoder: encoder) else {
      throw Failure(.usage, "give --back-end, which svdist fit makes")
    }
    let list = try readTrials()
    var notes = [list.repetitions].compactMap(\.self)
    func read(_ path: String, _ option: String) throws -> Embeddings {
      let embeddings = try EmbeddingFile.read(path)
      if let note = try loaded.backEnd.check(embeddings, "\(option) \(path)") { notes.append(note) }
      return embeddings
    }
    let tests = try read(embeddings, "--embeddings")
    let trials = try TrialEmbeddings(
      tests, enrolments: enrolmentEmbeddings.map { try read($0, "--enrolment-embeddings") },
      map: enrolmentMap.map { try EnrolmentMap.read($0) })
    if let note = try backEnd.checkCohort(loaded, trials.utterances(of: list)) { notes.append(note) }
    return Inputs(loaded: loaded, list: list, embeddings: trials, encoder: tests.encoder, notes: notes)
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
    for place in TrialScorer.places(of: scores) { try inputs.refuse(place, as: "--scores") }
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
    if !list.isBlind { try list.checkBothKinds() }
    return list
  }

  /// Prints what the scores are worth, and writes them.
  private func report(_ values: [Float], _ inputs: Inputs) throws {
    if inputs.list.isBlind {
      print("\(values.count.counted("trial")) without answers scored")
    } else {
      let metrics = try DetectionMetrics(scores: values, targets: inputs.list.targets)
      print(json ? metrics.json : "\(inputs.loaded.backEnd.words)  \(metrics.summary)")
    }
    guard let scores else { return }
    try TrialScorer.write(
      values, of: inputs.list, to: scores, origin: inputs.loaded.origin(encoder: inputs.encoder))
  }
}
