import Foundation

/// How well held-out speakers are told apart.
extension ReportPage {
  /// The key of a run among others.
  private func key(_ index: Int) -> PagePart.Key {
    PagePart.Key(
      name: runs[index].name, colour: Self.colour(index), isDashed: index >= Chart.Colour.distinct.count)
  }

  /// The largest number of evaluations that each have a dot.
  private static let mostDots = 60

  var evaluations: String {
    let sets = RecordedRun.namesOfSets(runs).map { name in
      rates("EER of \(name) (%)", runs.map { $0.set(name)?.evaluations ?? [] })
    }
    return PagePart.section(
      "Held-out speakers",
      [
        PagePart.figures(([rates("EER (%)", runs.map(\.evaluations), interval)] + sets).compactMap(\.self)),
        missing("evaluations") { !$0.evaluations.isEmpty },
      ])
  }

  /// The EER of a set over the steps, a curve for each run; nil where no run evaluated it.
  /// - Parameters:
  ///   - evaluations: those of each run.
  ///   - interval: the curve of a run's interval, if it has one.
  private func rates(
    _ caption: String, _ evaluations: [[RecordedRun.Evaluation]],
    _ interval: (Int, PagePart.Key) -> [Chart.Curve] = { _, _ in [] }
  ) -> String? {
    let evaluated = runs.indices.filter { !evaluations[$0].isEmpty }
    guard !evaluated.isEmpty else { return nil }
    let curves = evaluated.flatMap { index -> [Chart.Curve] in
      let series = Self.series(evaluations[index])
      let key = key(index)
      let points = series.bins.map { (x: $0.middle, y: $0.mean) }
      let line = Chart.Curve(
        name: key.name, points: points, colour: key.colour, isDashed: key.isDashed,
        hasDots: points.count <= Self.mostDots)
      return [line] + interval(index, key)
    }
    let keys = evaluated.map(key) + (curves.count > evaluated.count ? [Self.intervalKey] : [])
    let chart = Chart(
      title: "\(caption) over the steps", horizontal: axisOfSteps,
      vertical: Chart.Axis(holding: [0] + curves.flatMap { $0.points.map(\.y) }), curves: curves, frame: .page)
    return PagePart.figure(caption, keys, [chart.svg])
  }

  private static let intervalKey = PagePart.Key(name: "upright: 95 % interval", colour: .grey)

  /// The interval of the last evaluation, as an upright line.
  private func interval(_ index: Int, _ key: PagePart.Key) -> [Chart.Curve] {
    let figures = comparison.figures[index]
    guard let step = figures.step, let interval = figures.eer?.interval else { return [] }
    let ends = [interval.low, interval.high].map { (x: Double(step), y: $0) }
    return [Chart.Curve(name: key.name, points: ends, colour: key.colour)]
  }

  private static func series(_ evaluations: [RecordedRun.Evaluation]) -> ThinnedSeries {
    var series = ThinnedSeries(most: 400)
    for evaluation in evaluations { series.add(evaluation.eer, step: evaluation.step) }
    return series
  }

  /// Scores that a run keeps.
  private struct Kept {
    let run: Int
    let scores: RecordedScores
    let isBest: Bool
  }

  private var kept: [Kept] {
    runs.indices.flatMap { index -> [Kept] in
      let last = (try? runs[index].scores?.get()).map { Kept(run: index, scores: $0, isBest: false) }
      let best = (try? runs[index].bestScores?.get()).map { Kept(run: index, scores: $0, isBest: true) }
      return [last, best].compactMap(\.self)
    }
  }

  /// The key of scores: a run's best ones have its colour.
  private func key(_ kept: Kept) -> PagePart.Key {
    let own = key(kept.run)
    guard kept.isBest else { return own }
    return PagePart.Key(name: "\(own.name), lowest EER", colour: own.colour, isDashed: true)
  }

  var scores: String {
    let kept = kept
    let charts = kept.map { ScoreCharts($0.scores.ranked, areLikelihoodRatios: false) }
    // With more runs than colours, dashes tell the runs apart.
    let isDrawn = { (one: Kept) in !one.isBest || runs.count <= Chart.Colour.distinct.count }
    let det = zip(kept, charts).filter { isDrawn($0.0) }.map { one, charts in
      let key = key(one)
      var curve = charts.detectionCurve(key.name, key.colour)
      curve.isDashed = key.isDashed
      return curve
    }
    let diagonal = PagePart.Key(name: "equal rates", colour: .grey, isDashed: true)
    let figure = PagePart.figure(
      "DET: misses (%) over false alarms (%)", [diagonal] + kept.filter(isDrawn).map(key),
      [ScoreCharts.detectionErrorTradeoff(det, frame: .square).svg])
    let histograms = zip(kept, charts).map { one, charts in
      PagePart.figure(
        "\(runs.count == 1 ? "Density of scores" : runs[one.run].name), \(Self.words(one.scores))"
          + (one.isBest ? ", the lowest EER" : ""),
        [PagePart.Key(name: "non-targets", colour: .orange), PagePart.Key(name: "targets", colour: .blue)],
        [charts.histogram(frame: .page).svg])
    }
    return PagePart.section(
      kept.contains(where: \.isBest) ? "Scores of the last and the best evaluation" : "Scores of the last evaluation",
      [kept.isEmpty ? "" : PagePart.figures([figure] + histograms)]
        + kept.compactMap { $0.isBest ? nil : Self.note(runs[$0.run], $0.scores) } + [noteOnSets]
        + [missing("scores of held-out trials (evaluation/scores)", of: \.scores)])
  }

  /// Says of which set the scores are, where there are several.
  private var noteOnSets: String {
    guard runs.contains(where: { !$0.sets.isEmpty }) else { return "" }
    return PagePart.paragraph(
      "Curves, densities and intervals are of the trials of corpus.evaluation; svdist metrics makes them of another "
        + "set's scores, evaluation/NAME/scores.")
  }

  static func words(_ scores: RecordedScores) -> String {
    let step = scores.step.map { "step \($0)" } ?? "a step that no result names"
    return "\(step): \(scores.ranked.positions.count) trials, \(scores.ranked.targets) targets"
  }

  /// Says where the scores are not those of the best evaluation, and those are not kept.
  private static func note(_ run: RecordedRun, _ scores: RecordedScores) -> String? {
    guard let best = run.best, let step = scores.step, best.step != step, (try? run.bestScores?.get()) == nil else {
      return nil
    }
    return PagePart.missing(
      "\(run.name): the lowest EER is that of step \(best.step), of which no scores are kept: svdist evaluate scores its "
        + "checkpoint where that is kept (checkpoints/best).")
  }
}
