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
      pieces. Under mpirun the ranks share the utterances.
      """)

  @Option(help: ArgumentHelp("A run folder, a checkpoint or its model.safetensors.", valueName: "path"))
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
    help: ArgumentHelp("Write the scores here; with --subtract-mean or --back-end, the last ones.", valueName: "file"))
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
        + "stay whole. Several lengths are separated by commas.", valueName: "seconds"), transform: Self.lengths)
  var durations: [Double] = []

  @OptionGroup var pieces: PieceOptions

  @Flag(help: "Print the result as JSON; with --subtract-mean or --back-end, the last one.")
  var json = false

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
    if backEnd.backEnd != nil, !durations.isEmpty {
      throw ValidationError("--durations scores by cosine: leave out --back-end")
    }
    if json, !durations.isEmpty { throw ValidationError("--durations prints a line for each length: leave out --json") }
    for length in durations { try OptionRange.check("--durations", length, in: 0.2...3600, unit: " seconds") }
  }

  func run() throws {
    let command = self
    Program.runRanks { communicator in
      ThreadTeam.shared.grow(to: Machine.threads(communicator))
      // An error in the list, or in the place of the scores, should show before the embeddings are computed.
      let (list, loaded) = try communicator.agree {
        try command.checkScores()
        let list = try command.readTrials()
        try command.check(list, communicator)
        return (list, try command.readBackEnd(for: list))
      }
      let (whole, middles) = try command.vectors(communicator)
      try communicator.agree {
        guard communicator.rank == 0 else { return }
        try command.score(whole, middles, list, loaded)
      }
      return .done
    }
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
    try inputs.refuse(scores, as: "--scores")
    try TrialScorer.check(scores)
  }

  private func readTrials() throws -> TrialList {
    let list = try TrialList.read(trials, allowsBlind: true)
    if list.isBlind {
      guard scores != nil else {
        throw Failure(.usage, "\(trials): the list has no answers: give --scores FILE for its scores")
      }
      guard durations.isEmpty else {
        throw Failure(.usage, "\(trials): the list has no answers, so that --durations has no result")
      }
      guard !json else { throw Failure(.usage, "\(trials): the list has no answers, so that --json has no result") }
    }
    return list
  }

  /// Checks the list against the corpus, and says what the corpus's speakers contradict.
  private func check(_ list: TrialList, _ communicator: any Communicator) throws {
    try checkPublished(list, communicator)
    guard let corpus else { return }
    let opened = try Corpus.open(corpus)
    let enrolments = try enrolmentMap.map { try EnrolmentMap.read($0) }
    let positions = try list.positions(in: opened, enrolments: enrolments)
    guard communicator.rank == 0 else { return }
    let lines = [list.contradictions(of: opened, positions), try enrolments?.mixtures(of: opened)]
    for line in lines.compactMap(\.self) { StandardError.say("warning: \(line.shown)") }
  }

  /// The back end, whose cohort is to have none of the trials' speakers.
  private func readBackEnd(for list: TrialList) throws -> BackEnd? {
    guard let loaded = try backEnd.read(besideEncoder: encoder) else { return nil }
    let pieces = try enrolmentMap.map { try EnrolmentMap.read($0).enrolments.flatMap(\.utterances) } ?? []
    try backEnd.checkCohort(loaded, list.names + pieces, corpus: corpus)
    return loaded
  }

  private func checkPublished(_ list: TrialList, _ communicator: any Communicator) throws {
    guard let published else { return }
    let words = try published.words(for: list, hasMap: enrolmentMap != nil)
    guard communicator.rank == 0 else { return }
    StandardError.say(words)
    let remark = published.remark(subtractsMean: subtractMean != nil || backEnd.backEnd != nil)
    if let remark { StandardError.say("note: \(remark)") }
  }

  private static func lengths(_ text: String) throws -> [Double] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { try OptionRange.decimal(String($0)) }
  }

  /// The embeddings of the utterances, and of their middles of each of `durations`.
  private func vectors(_ communicator: any Communicator) throws -> (whole: Embeddings, middles: [Embeddings]) {
    if let encoder, let corpus {
      return try Embedding.compute(
        encoder: encoder, corpus: corpus, longestPiece: pieces.seconds, lengths: durations, communicator: communicator)
    }
    return (try communicator.agree { try EmbeddingFile.read(embeddings ?? "") }, [])
  }

  /// - Throws: `Failure(.usage)` where the mean is of another encoder's embeddings, as far as that is known.
  private func mean(_ source: String, for utterances: Embeddings) throws -> [Float] {
    guard source != "own" else { return utterances.mean }
    let others = try EmbeddingFile.read(source)
    guard let theirs = others.encoder, let ours = utterances.encoder else {
      StandardError.say(
        "note: --subtract-mean \(source): it is not known whether its embeddings are of the same encoder as the trials'"
          .shown)
      return others.mean
    }
    guard theirs == ours else {
      throw Failure(
        .usage,
        "--subtract-mean \(source): its embeddings are of another encoder (\(theirs.prefix(12))) than the trials' "
          + "(\(ours.prefix(12))): embed both with the same one")
    }
    return others.mean
  }

  private func score(_ utterances: Embeddings, _ middles: [Embeddings], _ list: TrialList, _ loaded: BackEnd?) throws {
    let map = try enrolmentMap.map { try EnrolmentMap.read($0) }
    let all = try map?.adding(to: utterances) ?? utterances
    try report("raw cosine", TrialScorer(all).scores(of: list), list, isLast: subtractMean == nil && loaded == nil)
    let mean = try subtractMean.map { try self.mean($0, for: utterances) }
    if let mean { try report("minus mean", TrialScorer(all, mean: mean).scores(of: list), list, isLast: true) }
    if let loaded {
      if let note = try loaded.check(utterances, "the trials") { StandardError.say("note: \(note)".shown) }
      let values = try backEnd.scores(loaded, list, TrialEmbeddings(utterances, map: map))
      try report(loaded.words, values, list, isLast: true)
    }
    for (length, middle) in zip(durations, middles) where !list.isBlind {
      let values = try TrialScorer(all.tested(with: middle), mean: mean).scores(of: list)
      try report("tests of \(String(format: "%g", length)) s", values, list, isLast: false)
    }
  }

  /// Prints what the scores are worth. The last ones of whole utterances are those of --json and --scores.
  private func report(_ name: String, _ values: [Float], _ list: TrialList, isLast: Bool) throws {
    if list.isBlind {
      if isLast { print("\(values.count) trials without answers scored") }
    } else {
      let metrics = try DetectionMetrics(scores: values, targets: list.targets)
      if !json { print("\(name)  \(metrics.summary)") }
      if json && isLast { print(metrics.json) }
    }
    if isLast, let scores { try TrialScorer.write(values, of: list, to: scores) }
  }
}
