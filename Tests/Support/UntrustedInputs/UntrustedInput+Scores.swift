import DistTrain

extension UntrustedInput {
  /// Takes the figures and the worst trials of a file of scores.
  static func judge(_ path: String) throws {
    let file = try ScoreList.read(path)
    _ = (file.list.repetitions, try file.scores(of: file.list))
    guard !file.list.isBlind else { return }
    let ranked = try RankedTrials(scores: file.scores, targets: file.list.targets)
    let figures = ranked.figures(DetectionFigures.Choice(areLikelihoodRatios: true))
    guard figures.eer.isFinite, figures.minCllr.isFinite else { fatalError("\(path): its figures are not finite") }
    _ = (ranked.equalErrorThreshold, WorstTrials(ranked, count: 3))
    _ = ScoreCharts(ranked, areLikelihoodRatios: true).reliability
    _ = try TrialProperties(of: file.list, corpus: nil, enrolmentMap: nil, table: nil).speakers
  }

  /// Reads a list of trials as strictly and as leniently as commands do, and compares it with all published lists.
  static func recognise(_ path: String) throws {
    let list = try TrialList.read(path, allowsBlind: true)
    let lenient = try TrialList.read(path, allowsBlind: true, isLenient: true)
    guard lenient.trials.count == list.trials.count else { fatalError("\(path): is read in two ways") }
    _ = list.repetitions
    for one in TrialProtocol.allCases {
      do { _ = try one.words(for: list, hasMap: false) } catch is Failure {}
    }
    try list.checkBothKinds()
  }

  /// Scores a trial of made-up embeddings by a back end.
  static func score(by backEnd: BackEnd, in folder: String) throws {
    let columns = backEnd.dimensions
    let vectors = Matrix(rows: 2, columns: columns, (0..<2 * columns).map { Float($0 % 5) - 1.5 })
    let file = try OutputFile(path: folder + "/utt2dur")
    try file.write("a 1.5\nb 30\n")
    try file.finish(syncing: false)
    let list = TrialList(path: "trials", names: ["a", "b"], trials: [.init(enrolment: 0, test: 1, isTarget: true)])
    let scores = try backEnd.scores(
      of: list, TrialEmbeddings(Embeddings(names: list.names, vectors: vectors)),
      durations: UtteranceDurations(folder + "/utt2dur"))
    guard scores.allSatisfy(\.isFinite) else { fatalError("a score that is not finite") }
    _ = (backEnd.words, backEnd.remark, backEnd.scoreName)
  }
}
