import ArgumentParser
import DistTrain

/// `svdist metrics`: what a file of scores is worth.
struct MetricsCommand: EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Prints the error rates of a file of scores, with intervals.",
    discussion: """
      The file has lines of enrolment, test and score, with the answer behind it (wespeaker and svdist) or before the score \
      (SpeechBrain); --trials gives the answers where it has none. A trial is accepted when its score is above a threshold.

      Each figure has a 95 % interval, by resampling the speakers with replacement: trials of one speaker depend on each \
      other. The speakers are those of --corpus; without one, what target trials join is of one speaker. --against compares \
      another system's scores of the same trials on the same resamples: the difference, its interval, and the probability \
      of one as large were there none.

      --by divides the trials by a property of their utterances: duration (the shorter recording's), a column of --table, \
      or NAME for the lists utt2NAME and spk2NAME in the corpus's folder, such as gender. Of each group it prints the EER \
      within it, and its misses and false alarms at the one threshold at which all trials have equal rates.

      Cllr and DCF(p), at the threshold ln((1 - p) / p), are of scores that are natural logarithms of likelihood ratios: \
      --likelihood-ratios says that they are. minDCF and minCllr are those of the best threshold and of the best monotonous \
      calibration.
      """)

  @OptionGroup var source: ScoreOptions

  @Option(help: ArgumentHelp("Scores of another system, to compare with.", valueName: "file"))
  var against: String?

  @Option(help: ArgumentHelp("A table of the utterances, with a row of column names.", valueName: "file"))
  var table: String?

  @Option(help: ArgumentHelp("Divide the trials by this property; may be given several times.", valueName: "name"))
  var by: [String] = []

  @Option(
    name: .customLong("prior"),
    help: ArgumentHelp(
      "A prior probability of a target for detection costs; may be given several times (default: 0.01 and 0.05).",
      valueName: "probability"), transform: OptionRange.decimal)
  var priors: [Double] = []

  @Flag(help: "The scores are natural logarithms of likelihood ratios.")
  var likelihoodRatios = false

  @Option(help: ArgumentHelp("The number of resamples for intervals; 0 for none.", valueName: "count"))
  var resamples = 1000

  @Option(help: ArgumentHelp("List so many of the worst targets and non-targets.", valueName: "count"))
  var worst = 0

  @Option(
    help: ArgumentHelp("Draw DET curve, histogram and reliability as SVG into this folder.", valueName: "folder"))
  var plots: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    try OptionRange.check("--worst", worst, in: 0...1_000_000)
    guard resamples == 0 || (100...1_000_000).contains(resamples) else {
      throw ValidationError("--resamples: 100 to 1000000, or 0 for none, found \(resamples)")
    }
    for prior in priors where !(prior > 0 && prior < 1) {
      throw ValidationError("--prior: between 0 and 1, found \(prior)")
    }
    if against != nil, resamples == 0 {
      throw ValidationError("--against compares by resamples: leave out --resamples 0")
    }
  }

  func run() throws {
    ThreadTeam.shared.grow(to: Machine.threads(SoleCommunicator()))
    try plots.map(ScoreCharts.check)
    let (list, values) = try source.read()
    let properties = try source.properties(of: list, table: table)
    let divisions = try by.map { (property: $0, classes: try properties.classes($0)) }
    let choice = DetectionFigures.Choice(
      priors: priors.isEmpty ? [0.01, 0.05] : priors, areLikelihoodRatios: likelihoodRatios)
    let ranked = try RankedTrials(scores: values, targets: list.targets)
    var report = try ScoreReport(
      ranked, speakers: properties.speakers, choice: choice, resamples: resamples,
      counting: source.messages.counting())
    if let against {
      let other = try source.read(against, list).scores
      try report.compare(
        ranked, with: RankedTrials(scores: other, targets: list.targets), choice,
        counting: source.messages.counting())
    }
    let threshold = ranked.equalErrorThreshold
    for division in divisions {
      let groups = TrialGroups(
        scores: values, targets: list.targets, values: division.classes.pairs, names: division.classes.names,
        threshold: threshold)
      report.add(groups, by: division.property)
    }
    report.add(mistakes(ranked, list, values, properties))
    print(json ? report.json : report.text)
    if let plots { try ScoreCharts(ranked, areLikelihoodRatios: likelihoodRatios).write(to: plots) }
  }

  private func mistakes(
    _ ranked: RankedTrials, _ list: TrialList, _ scores: [Float], _ properties: TrialProperties
  ) -> [ScoreReport.Mistake] {
    let worst = WorstTrials(ranked, count: worst)
    return (worst.targets + worst.nonTargets).map { index in
      let trial = list.trials[index]
      return ScoreReport.Mistake(
        isTarget: trial.isTarget, score: scores[index], enrolment: properties.path(trial.enrolment),
        test: properties.path(trial.test))
    }
  }
}
