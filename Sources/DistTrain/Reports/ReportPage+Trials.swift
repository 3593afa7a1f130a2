import Foundation

/// Which trials of held-out speakers go wrong.
extension ReportPage {
  /// The name of a run's part of a section.
  private func title(_ run: String, _ known: KnownTrials) -> String {
    (runs.count == 1 ? "" : "\(run), ") + Self.words(known.scores)
  }

  var groups: String {
    let parts = trials.map { run, known in
      PagePart.heading(title(run, known)) + known.groups(resamples: resamples).map(Self.table).joined()
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
            (try? run.utterances?.get())?.properties.isEmpty != true
          },
        ])
  }

  private var missingTrials: String {
    missing("utterances of the trials (evaluation/utterances.tsv), or scores", of: \.trials)
  }

  /// The number of groups of a kind that are told one by one.
  private static let mostGroups = 40

  private static func table(_ groups: GroupedScores) -> String {
    let head = [groups.property, "trials", "targets", "EER %", "misses %", "false alarms %"]
    let rows = groups.rows.prefix(mostGroups).map { row -> (name: String, values: [String?]) in
      let figures = row.figures
      let rates = [figures.misses, figures.falseAlarms].map { $0.map { String(format: "%.2f", $0) } }
      return (figures.name, ["\(figures.trials)", "\(figures.targets)", eer(row)] + rates)
    }
    let others = groups.rows.count - rows.count
    let rest = others > 0 ? PagePart.missing("\(others) more groups: svdist metrics --by shows all.") : ""
    return PagePart.table(head, rows) + rest
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
    let players = hasAudio ? PagePlayers() : nil
    let parts = trials.map { run, known in PagePart.heading(title(run, known)) + Self.worst(known, players) }
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
