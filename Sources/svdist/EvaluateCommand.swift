import ArgumentParser
import DistTrain
import Foundation

extension TrialProtocol: ExpressibleByArgument {}

/// `svdist evaluate`: the EER and minDCF of a trial list.
struct EvaluateCommand: RanksCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Scores a trial list by cosine, or by a back end, and prints EER and minDCF.",
    discussion: """
      Trials may have VoxCeleb's form (1 a b), Kaldi's and wespeaker's (a b target|nontarget) or CN-Celeb's (a b 1|0). \
      Those of a list without answers (a b) are only scored, to --scores. \
      For CN-Celeb give --enrolment-map lists/enroll.map: an enrolment's embedding is the mean of the embeddings of its \
      pieces. Under mpirun the ranks share the utterances, the trials and the scores against a cohort.
      """)

  @Option(help: ArgumentHelp("A run folder, a checkpoint, or a file of svdist import or average.", valueName: "path"))
  var encoder: String?

  @Option(help: ArgumentHelp("The data directory with the trials' utterances.", valueName: "folder"))
  var corpus: String?

  @Option(
    help: ArgumentHelp("Embeddings written by svdist embed, instead of --encoder and --corpus.", valueName: "file"))
  var embeddings: String?

  @Option(help: ArgumentHelp("The trial list.", valueName: "file"))
  var trials: String

  @Option(
    help: ArgumentHelp("The utterances of each enrolment, such as CN-Celeb's enroll.map.", valueName: "file"))
  var enrolmentMap: String?

  @Option(
    help: ArgumentHelp(
      "Score once more after subtracting a mean embedding: that of the evaluated utterances (own), or that of a file of "
        + "embeddings, such as the training set's.",
      valueName: "own|file"))
  var subtractMean: String?

  @OptionGroup var backEnd: BackEndOptions

  @Option(
    help: ArgumentHelp(
      "Write the scores here; with --subtract-mean, --back-end or --crops, the last ones.", valueName: "file"))
  var scores: String?

  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      "Check that the list is this published one, by its number of trials.",
      valueName: TrialProtocol.allCases.map(\.rawValue).joined(separator: "|")))
  var published: TrialProtocol?

  @Option(
    help: ArgumentHelp(
      "Score once more with the middle of each test, of so many seconds, against whole enrolments; tests that are no longer "
        + "stay whole, and are counted. Several lengths are separated by commas.", valueName: "seconds"),
    transform: Self.lengths)
  var durations: [Double] = []

  @OptionGroup var crops: CropOptions

  @OptionGroup var pieces: PieceOptions

  @Flag(help: "Print the result as JSON; with --subtract-mean, --back-end or --crops, the last one.")
  var json = false

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    guard (embeddings != nil) != (encoder != nil && corpus != nil), (encoder == nil) == (corpus == nil) else {
      throw ValidationError("give either --encoder and --corpus, or --embeddings")
    }
    if subtractMean != nil, backEnd.backEnd != nil {
      throw ValidationError("--subtract-mean: a back end subtracts its own mean: leave one of the two out")
    }
    if embeddings != nil, pieces.longestPiece != nil {
      throw ValidationError("--longest-piece says how --encoder embeds: leave it out with --embeddings")
    }
    if embeddings != nil, !durations.isEmpty {
      throw ValidationError("--durations cuts recordings: give --encoder and --corpus in place of --embeddings")
    }
    try crops.check(
      beside: [
        ("--embeddings", embeddings != nil), ("--subtract-mean", subtractMean != nil),
        ("--back-end", backEnd.backEnd != nil), ("--durations", !durations.isEmpty),
      ], pieces)
    if json, !durations.isEmpty { throw ValidationError("--durations prints a line for each length: leave out --json") }
    for length in durations { try OptionRange.check("--durations", length, in: 0.2...3600, unit: " seconds") }
  }

  func run() throws {
    let command = self
    Program.runRanks { communicator in
      ThreadTeam.shared.grow(to: Machine.threads(communicator))
      // An error in the list, or in the place of the scores, should show before the embeddings are computed.
      let plan = try communicator.agree { try command.plan(communicator) }
      if communicator.rank == 0 {
        for line in plan.remarks { command.messages.say(line) }
      }
      let sets = try command.sets(plan, communicator)
      try TrialReport(command, plan, sets, communicator).print()
      return .done
    }
  }

  /// What is to be scored.
  struct Plan {
    let list: TrialList
    let map: EnrolmentMap?
    let loaded: BackEndOptions.Loaded?
    /// The lengths in seconds of the list's tests, each once; none where they are not known.
    var tests: [Double] = []
    /// Lines to be said once.
    var remarks: [String] = []
  }

  private func plan(_ communicator: any Communicator) throws -> Plan {
    try checkScores()
    let list = try readTrials()
    let map = try enrolmentMap.map { try EnrolmentMap.read($0) }
    var plan = Plan(list: list, map: map, loaded: try backEnd.read(besideEncoder: encoder))
    plan.remarks = try publishedRemarks(list)
    if let corpus { try check(&plan, Corpus.open(corpus)) }
    if let loaded = plan.loaded {
      let pieces = map?.enrolments.flatMap(\.utterances) ?? []
      let note = try backEnd.checkCohort(loaded, list.names + pieces, corpus: corpus)
      if let note { plan.remarks.append("note: \(note)") }
    }
    return plan
  }

  /// - Throws: `Failure(.usage)` where the scores would replace what is read here, or anything but scores.
  private func checkScores() throws {
    guard let scores else { return }
    var inputs = InputPaths()
    inputs.add(trials, "--trials")
    inputs.add(enrolmentMap, "--enrolment-map")
    inputs.add(embeddings, "--embeddings")
    if subtractMean != "own" { inputs.add(subtractMean, "--subtract-mean") }
    inputs.add(encoder, "--encoder")
    backEnd.add(to: &inputs, besideEncoder: encoder)
    inputs.add(PreparedCorpus.names, in: corpus, "--corpus")
    for place in TrialScorer.places(of: scores) { try inputs.refuse(place, as: "--scores") }
    try TrialScorer.check(scores)
  }

  private func readTrials() throws -> TrialList {
    let list = try TrialList.read(trials, allowsBlind: true)
    guard list.isBlind else {
      try list.checkBothKinds()
      return list
    }
    guard scores != nil else {
      throw Failure(.usage, "\(trials): the list has no answers: give --scores FILE for its scores")
    }
    guard durations.isEmpty else {
      throw Failure(.usage, "\(trials): the list has no answers, so that --durations has no result")
    }
    guard !json else { throw Failure(.usage, "\(trials): the list has no answers, so that --json has no result") }
    return list
  }

  /// Checks the list against the corpus, notes what the corpus's speakers contradict, and takes the tests' lengths.
  private func check(_ plan: inout Plan, _ corpus: Corpus) throws {
    let positions = try plan.list.positions(in: corpus, enrolments: plan.map)
    let lines = [plan.list.contradictions(of: corpus, positions), try plan.map?.mixtures(of: corpus)]
    plan.remarks += lines.compactMap { $0.map { "warning: \($0)" } }
    plan.tests = Set(plan.list.trials.map(\.test)).sorted().map { corpus.utterances.seconds(positions[$0]) }
  }

  private func publishedRemarks(_ list: TrialList) throws -> [String] {
    guard let published else { return [] }
    let words = try published.words(for: list, hasMap: enrolmentMap != nil)
    let remark = published.remark(subtractsMean: subtractMean != nil || backEnd.backEnd != nil)
    return [words] + (remark.map { ["note: \($0)"] } ?? [])
  }

  private static func lengths(_ text: String) throws -> [Double] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { try OptionRange.decimal(String($0)) }
  }

  /// The embeddings of the utterances, of their middles of each of `durations`, and of their crops.
  private func sets(_ plan: Plan, _ communicator: any Communicator) throws -> Embedding.Sets {
    guard let encoder, let corpus else {
      let read = try communicator.agree { () -> (whole: Embeddings, note: String?) in
        let whole = try EmbeddingFile.read(embeddings ?? "")
        return (whole, try plan.loaded?.backEnd.check(whole, "the trials"))
      }
      if communicator.rank == 0 { messages.note(read.note) }
      return Embedding.Sets(whole: read.whole)
    }
    let request = Embedding.Request(
      encoder: encoder, corpus: corpus, messages: messages, longestPiece: pieces.seconds, lengths: durations,
      crops: crops.chosen)
    return try Embedding.compute(request, communicator: communicator) { trained in
      let dimensions = trained.extractor.encoder.dimensions
      let note = try plan.loaded?.backEnd.check(
        dimensions: dimensions, encoder: trained.identity, "--encoder \(encoder)")
      if communicator.rank == 0 { messages.note(note) }
    }
  }
}
