import Foundation

/// Which trials of held-out speakers go wrong.
extension ReportPage {
  /// Scores with what is known of their trials' utterances.
  private struct KnownTrials {
    let run: RecordedRun
    let scores: RecordedScores
    /// Of the list's names, in their order.
    let utterances: [RecordedUtterances.Utterance]
    let properties: [(name: String, values: [String?])]

    /// Nil where the run keeps no scores or no utterances.
    init?(_ run: RecordedRun) {
      guard let scores = run.shownScores, let recorded = try? run.utterances?.get() else { return nil }
      let names = scores.list.list.names
      guard let utterances = try? recorded.utterances(names) else { return nil }
      self.run = run
      self.scores = scores
      self.utterances = utterances
      properties = recorded.properties.compactMap { property in
        (try? recorded.values(property, of: names)).map { (property, $0) }
      }
    }

    /// The seconds of each trial's shorter utterance; nil where one is not known.
    var lengths: [Double?] {
      scores.list.list.trials.map { trial in
        guard let one = utterances[trial.enrolment].seconds, let other = utterances[trial.test].seconds else {
          return nil
        }
        return min(one, other)
      }
    }

    func groups(resamples: Int) -> [GroupedScores] {
      let trials = scores.list.list.trials
      let lengths = lengths
      let bounds = LengthBounds.bounds(lengths, targets: scores.list.list.targets)
      let classes = ValueClasses(lengths, bounds: bounds, unit: " s")
      let byLength = GroupedScores(
        scores, by: "seconds of the shorter utterance",
        classes: (classes.names, classes.numbers.map { ($0, $0) }), resamples: resamples)
      return [byLength]
        + properties.map { property in
          let classes = ValueClasses(property.values)
          let pairs = trials.map { (enrolment: classes.numbers[$0.enrolment], test: classes.numbers[$0.test]) }
          return GroupedScores(scores, by: property.name, classes: (classes.names, pairs), resamples: resamples)
        }
    }
  }

  /// The name of a run's part of a section.
  private func title(_ known: KnownTrials) -> String {
    (runs.count == 1 ? "" : "\(known.run.name), ") + Self.words(known.scores)
  }

  var groups: String {
    let known = runs.compactMap { KnownTrials($0) }
    let parts = known.map { known in
      PagePart.heading(title(known)) + known.groups(resamples: resamples).map(Self.table).joined()
    }
    let remark = PagePart.paragraph(
      "EER within each group of trials, where it has \(GroupedScores.fewest) targets and non-targets or more; misses and "
        + "false alarms at the one threshold at which all trials have equal rates.")
    return PagePart.section(
      "EER by length and condition",
      [parts.isEmpty ? "" : remark] + parts
        + [
          missingTrials,
          missing("sex, language or domain (no spk2gender, utt2lang or utt2dom in the data directory)") { run in
            (try? run.utterances?.get())?.properties.isEmpty == false || run.utterances == nil
          },
        ])
  }

  private var missingTrials: String {
    missing("utterances of the trials (evaluation/utterances.tsv), or scores") { KnownTrials($0) != nil }
  }

  private static func table(_ groups: GroupedScores) -> String {
    let head = [groups.property, "trials", "targets", "EER %", "misses %", "false alarms %"]
    let rows = groups.rows.map { row -> (name: String, values: [String?]) in
      let figures = row.figures
      let rates = [figures.misses, figures.falseAlarms].map { $0.map { String(format: "%.2f", $0) } }
      return (figures.name, ["\(figures.trials)", "\(figures.targets)", eer(row)] + rates)
    }
    return PagePart.table(head, rows)
  }

  private static func eer(_ row: GroupedScores.Row) -> String? {
    if let scarce = row.scarce {
      return scarce.count == 0 ? "no \(scarce.kind)" : "too few \(scarce.kind): \(scarce.count)"
    }
    return row.figures.eer.map { eer in
      String(format: "%.3f", eer) + (row.interval.map { " " + RunFigures.shown($0, format: "%.3f") } ?? "")
    }
  }

  /// The number of targets, and of non-targets, that are listed.
  private static let mostWorst = 10

  var worstTrials: String {
    let known = runs.compactMap { KnownTrials($0) }
    let players = hasAudio ? PagePlayers() : nil
    let parts = known.map { PagePart.heading(title($0)) + Self.worst($0, players) }
    let remark =
      hasAudio
      ? PagePart.paragraph(
        "The recordings are part of this page, each its first \(Int(PagePlayers.longest)) s at most.")
      : PagePart.missing("svdist report --audio makes their recordings part of the page.")
    return PagePart.section("Worst trials", [parts.isEmpty ? "" : remark] + parts + [missingTrials])
  }

  private static func worst(_ known: KnownTrials, _ players: PagePlayers?) -> String {
    let list = known.scores.list
    let worst = WorstTrials(known.scores.ranked, count: mostWorst)
    players?.begin()
    func side(_ number: Int) -> [String] {
      let (name, utterance) = (list.list.names[number], known.utterances[number])
      return [
        Markup.escaped(name) + (players?.player(of: name, at: utterance.place) ?? ""),
        Markup.escaped(utterance.speaker ?? "–"),
        utterance.seconds.map { String(format: "%.1f", $0) } ?? "–",
      ]
    }
    let rows = (worst.targets + worst.nonTargets).map { place -> (name: String, cells: [String]) in
      let trial = list.list.trials[place]
      let score = String(format: "%.4f", list.scores[place])
      return (trial.isTarget ? "target" : "non-target", [score] + side(trial.enrolment) + side(trial.test))
    }
    let columns = ["utterance", "speaker", "s"]
    let head = ["trial", "score"] + columns.map { "enrolment: \($0)" } + columns.map { "test: \($0)" }
    return PagePart.table(head, markup: rows)
  }
}
