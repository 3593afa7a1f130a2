import ArgumentParser
import DistTrain
import Foundation

extension TrialProtocol: ExpressibleByArgument {}

/// `svdist evaluate`: the EER and minDCF of a trial list.
struct EvaluateCommand: RanksCommand, EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Scores a trial list by cosine, or by a back end, and prints EER and minDCF.",
    discussion: """
      Trials may have VoxCeleb's form (1 a b), Kaldi's and wespeaker's (a b target|nontarget) or CN-Celeb's (a b 1|0). \
      Those of a list without answers (a b) are only scored, to --scores. \
      For CN-Celeb give --enrolment-map lists/enroll.map: an enrolment's embedding is the mean of the embeddings of its \
      pieces. Under mpirun the ranks share the utterances, the trials and the scores against a cohort.

      Several sets are evaluated with the encoder loaded once: --corpus A --trials TA --corpus B --trials TB.
      """)

  @Option(help: ArgumentHelp("A run folder, a checkpoint, or a file of svdist import or average.", valueName: "path"))
  var encoder: String?

  @Option(
    help: ArgumentHelp(
      "The data directory with the trials' utterances; of several sets, one for each --trials, in their order.",
      valueName: "folder"))
  var corpus: [String] = []

  @Option(
    help: ArgumentHelp("Embeddings written by svdist embed, instead of --encoder and --corpus.", valueName: "file"))
  var embeddings: String?

  @Option(help: ArgumentHelp("The trial list; of several sets, one for each --corpus.", valueName: "file"))
  var trials: [String] = []

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
    guard !trials.isEmpty else { throw ValidationError("Missing expected argument '--trials <file>'") }
    guard (embeddings != nil) != (encoder != nil && !corpus.isEmpty), (encoder == nil) == corpus.isEmpty else {
      throw ValidationError("give either --encoder and --corpus, or --embeddings")
    }
    try checkSets()
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

  /// Whether several corpora are evaluated, each by its own list.
  var hasSeveralSets: Bool { trials.count > 1 }

  /// Checks that each list has its corpus, and that what is about one list is given with one.
  private func checkSets() throws {
    if embeddings != nil, hasSeveralSets {
      throw ValidationError("--embeddings is scored by one list: give one --trials, found \(trials.count)")
    }
    guard embeddings != nil || corpus.count == trials.count else {
      throw ValidationError(
        "each --corpus goes with a --trials: found \(corpus.count) of --corpus and \(trials.count) of --trials")
    }
    let ofOne = [
      ("--scores", scores != nil), ("--enrolment-map", enrolmentMap != nil), ("--protocol", published != nil),
    ]
    if hasSeveralSets, let option = ofOne.first(where: { $0.1 })?.0 {
      throw ValidationError("\(option) is for one set: evaluate each set by a call of its own")
    }
  }

  func run() throws {
    let command = self
    Program.runRanks { communicator in
      ThreadTeam.shared.grow(to: Machine.threads(communicator))
      // An error in a list, or in the place of the scores, should show before the embeddings are computed.
      let plans = try communicator.agree { try command.plans() }
      if communicator.rank == 0 {
        for line in plans.flatMap(\.remarks) { command.messages.say(line) }
      }
      let trained = try command.open(plans, communicator)
      var sets: (corpus: String?, embeddings: Embedding.Sets)?
      for plan in plans {
        // Several lists may be about one corpus.
        if sets == nil || sets?.corpus != plan.corpus {
          sets = (plan.corpus, try command.sets(plan, trained, communicator))
        }
        guard let embeddings = sets?.embeddings else { continue }
        try TrialReport(command, plan, embeddings, communicator).print()
      }
      return .done
    }
  }

  /// What is to be scored.
  struct Plan {
    /// The path of the data directory; nil for embeddings that are there.
    let corpus: String?
    let list: TrialList
    let map: EnrolmentMap?
    let loaded: BackEndOptions.Loaded?
    /// The lengths in seconds of the list's tests, each once; none where they are not known.
    var tests: [Double] = []
    /// Lines to be said once.
    var remarks: [String] = []
  }

  private func plans() throws -> [Plan] {
    try checkScores()
    let lists = try trials.map { try readTrials($0) }
    let map = try enrolmentMap.map { try EnrolmentMap.read($0) }
    let loaded = try backEnd.read(besideEncoder: encoder)
    return try lists.enumerated().map { index, list in
      try checked(Plan(corpus: corpus.isEmpty ? nil : corpus[index], list: list, map: map, loaded: loaded))
    }
  }

  /// A plan with what its corpus and its back end say of the list.
  private func checked(_ raw: Plan) throws -> Plan {
    var plan = raw
    plan.remarks = try publishedRemarks(plan.list)
    if let corpus = plan.corpus { try check(&plan, Corpus.open(corpus)) }
    if let loaded = plan.loaded {
      let pieces = plan.map?.enrolments.flatMap(\.utterances) ?? []
      let note = try backEnd.checkCohort(loaded, plan.list.names + pieces, corpus: plan.corpus)
      if let note { plan.remarks.append("note: \(note)") }
    }
    return plan
  }

  /// - Throws: `Failure(.usage)` where the scores would replace what is read here, or anything but scores.
  private func checkScores() throws {
    guard let scores else { return }
    var inputs = InputPaths()
    for path in trials { inputs.add(path, "--trials") }
    inputs.add(enrolmentMap, "--enrolment-map")
    inputs.add(embeddings, "--embeddings")
    if subtractMean != "own" { inputs.add(subtractMean, "--subtract-mean") }
    inputs.add(encoder, "--encoder")
    backEnd.add(to: &inputs, besideEncoder: encoder)
    for path in corpus { inputs.add(PreparedCorpus.names, in: path, "--corpus") }
    for place in TrialScorer.places(of: scores) { try inputs.refuse(place, as: "--scores") }
    try TrialScorer.check(scores)
  }

  private func readTrials(_ path: String) throws -> TrialList {
    let list = try TrialList.read(path, allowsBlind: true)
    guard list.isBlind else {
      try list.checkBothKinds()
      return list
    }
    guard scores != nil else {
      let alone = hasSeveralSets ? "evaluate it by a call of its own, with" : "give"
      throw Failure(.usage, "\(path): the list has no answers: \(alone) --scores FILE for its scores")
    }
    guard durations.isEmpty else {
      throw Failure(.usage, "\(path): the list has no answers, so that --durations has no result")
    }
    guard !json else { throw Failure(.usage, "\(path): the list has no answers, so that --json has no result") }
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

  /// The encoder, which the back end fits; nil for embeddings that are there.
  private func open(_ plans: [Plan], _ communicator: any Communicator) throws -> TrainedEncoder? {
    guard let encoder, let plan = plans.first else { return nil }
    let trained = try Embedding.open(request(encoder, plan.corpus ?? ""), communicator)
    let note = try communicator.agree {
      try plan.loaded?.backEnd.check(
        dimensions: trained.extractor.encoder.dimensions, encoder: trained.identity, "--encoder \(encoder)")
    }
    if communicator.rank == 0 { messages.note(note) }
    return trained
  }

  private func request(_ encoder: String, _ corpus: String) -> Embedding.Request {
    Embedding.Request(
      encoder: encoder, corpus: corpus, messages: messages, longestPiece: pieces.seconds, lengths: durations,
      crops: crops.chosen)
  }

  /// The embeddings of the utterances, of their middles of each of `durations`, and of their crops.
  private func sets(
    _ plan: Plan, _ trained: TrainedEncoder?, _ communicator: any Communicator
  ) throws -> Embedding.Sets {
    guard let encoder, let trained, let corpus = plan.corpus else {
      let read = try communicator.agree { () -> (whole: Embeddings, note: String?) in
        let whole = try EmbeddingFile.read(embeddings ?? "")
        return (whole, try plan.loaded?.backEnd.check(whole, "the trials"))
      }
      if communicator.rank == 0 { messages.note(read.note) }
      return Embedding.Sets(whole: read.whole)
    }
    return try Embedding.compute(request(encoder, corpus), by: trained, communicator: communicator)
  }
}
