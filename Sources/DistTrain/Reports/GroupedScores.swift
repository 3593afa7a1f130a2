/// The error rates of groups of a run's trials, with intervals.
struct GroupedScores {
  struct Row {
    let figures: TrialGroups.Row
    /// The interval of the EER; nil where the group has no EER or too few speakers, or none was asked for.
    let interval: SpeakerBootstrap.Interval?

    /// The kind of trials of which the group has too few for an EER; nil where it has enough of both.
    var scarce: (count: Int, kind: String)? {
      let others = figures.trials - figures.targets
      if figures.targets < GroupedScores.fewest { return (figures.targets, "targets") }
      return others < GroupedScores.fewest ? (others, "non-targets") : nil
    }
  }

  /// The fewest targets, and the fewest non-targets, of which an EER is given.
  static let fewest = 10

  /// What the trials are divided by.
  let property: String
  let rows: [Row]

  /// - Parameters:
  ///   - classes: the names of the values, and those of each trial's enrolment and test as places among them.
  ///   - resamples: the number of resamples for intervals; 0 for none.
  init(
    _ scores: RecordedScores, by property: String,
    classes: (names: [String], pairs: [(enrolment: Int, test: Int)]), resamples: Int
  ) {
    self.property = property
    let groups = TrialGroups(
      scores: scores.list.scores, targets: scores.list.list.targets, values: classes.pairs, names: classes.names,
      threshold: scores.ranked.equalErrorThreshold)
    rows = zip(groups.rows, groups.members).map { figures, members in
      let row = Row(figures: figures, interval: nil)
      guard row.scarce == nil else { return row }
      return Row(figures: figures, interval: scores.part(members)?.interval(resamples: resamples))
    }
  }
}

extension RecordedScores {
  /// Some of the trials, with their speakers.
  fileprivate struct Part {
    let ranked: RankedTrials
    let speakers: TrialSpeakers

    func interval(resamples: Int) -> SpeakerBootstrap.Interval? {
      guard resamples > 0, speakers.count >= SpeakerBootstrap.fewestSpeakers else { return nil }
      let bootstrap = SpeakerBootstrap(speakers, resamples: resamples)
      let figures = try? FiguresWithIntervals(ranked, DetectionFigures.Choice(priors: []), bootstrap)
      return figures?.rows.first { $0.name == "EER" }?.interval
    }
  }

  /// - Parameter places: the places in the list of the trials; nil is given where all are of one kind.
  fileprivate func part(_ places: [Int]) -> Part? {
    let targets = places.map { list.list.trials[$0].isTarget }
    guard let ranked = try? RankedTrials(scores: places.map { list.scores[$0] }, targets: targets) else { return nil }
    let pairs = places.map { (enrolment: Int(speakers.enrolments[$0]), test: Int(speakers.tests[$0])) }
    return Part(ranked: ranked, speakers: TrialSpeakers(pairs: pairs, speakers: Array(0..<speakers.count)))
  }
}
