import Foundation

/// What changes from step to step.
extension ReportPage {
  /// A number of the log as a curve.
  struct Line {
    /// The name in the log.
    let key: String
    let name: String
    let colour: Chart.Colour
  }

  var losses: String {
    let weights = { (run: RecordedRun) in
      run.course.objectives.count == 2 ? ["alpha"] : run.course.objectives.map { "\($0)Weight" }
    }
    let weight = { (run: RecordedRun) in
      zip(weights(run), run.course.objectives).enumerated().map {
        Line(
          key: $1.0, name: $1.0 == "alpha" ? "α, the weight of \($1.1)" : "weight of \($1.1)",
          colour: $1.0 == "alpha" ? .green : Self.colour($0))
      }
    }
    return course(
      "Losses and their weights", caption: "losses above, weights below",
      upper: { Self.lines($0, suffix: "Loss", words: "") }, lower: weight,
      missing: [("losses", { Self.lines($0, suffix: "Loss", words: "") }), ("α or other weights", weight)])
  }

  var gradients: String {
    let norms = { (run: RecordedRun) in Self.lines(run, suffix: "GradientNorm", words: "norm of ") }
    let cosine = { (_: RecordedRun) in
      [Line(key: "gradientCosine", name: "cosine of the angle between both", colour: .green)]
    }
    return course(
      "Gradients", caption: "norms above, the cosine of their angle below", upper: norms, lower: cosine,
      missing: [("norms of the objectives' gradients", norms), ("the angle between two gradients", cosine)])
  }

  var schedules: String {
    let rate = { (_: RecordedRun) in [Line(key: "learningRate", name: "learning rate", colour: .blue)] }
    let margin = { (_: RecordedRun) in [Line(key: "margin", name: "margin", colour: .orange)] }
    return course(
      "Learning rate and margin", caption: "learning rate above, margin below", upper: rate, lower: margin,
      missing: [("the learning rate", rate), ("the margin", margin)])
  }

  /// The rows that a step had for each second of it.
  var speed: String {
    let speed = { (_: RecordedRun) in [Line(key: "utterancesPerSecond", name: "utterances/s", colour: .blue)] }
    return figures(caption: "utterances per second", upper: speed, lower: { _ in [] })
      + missing("utterances per second") { !present($0, speed($0)).isEmpty }
  }

  private static func lines(_ run: RecordedRun, suffix: String, words: String) -> [Line] {
    run.course.objectives.enumerated().map { Line(key: $1 + suffix, name: words + $1, colour: colour($0)) }
  }

  static func colour(_ index: Int) -> Chart.Colour { Chart.Colour.distinct[index % Chart.Colour.distinct.count] }

  private func course(
    _ title: String, caption: String, upper: (RecordedRun) -> [Line], lower: (RecordedRun) -> [Line],
    missing: [(what: String, lines: (RecordedRun) -> [Line])]
  ) -> String {
    PagePart.section(
      title,
      [figures(caption: caption, upper: upper, lower: lower)]
        + missing.map { kind in self.missing(kind.what) { !present($0, kind.lines($0)).isEmpty } })
  }

  /// The lines of which a run has numbers.
  private func present(_ run: RecordedRun, _ lines: [Line]) -> [(line: Line, series: ThinnedSeries)] {
    lines.compactMap { line in run.course.series(line.key).flatMap { $0.bins.isEmpty ? nil : (line, $0) } }
  }

  /// A figure of each run that has numbers, all on the same axes.
  private func figures(
    caption: String, upper: (RecordedRun) -> [Line], lower: (RecordedRun) -> [Line]
  ) -> String {
    let parts = runs.map { (run: $0, upper: present($0, upper($0)), lower: present($0, lower($0))) }
    let axes = (upper: Self.axis(parts.flatMap(\.upper)), lower: Self.axis(parts.flatMap(\.lower), most: 3))
    let steps = axisOfSteps
    return PagePart.figures(
      parts.filter { !$0.upper.isEmpty || !$0.lower.isEmpty }.map { part in
        let own = (part.upper + part.lower).map(\.line)
        let title = runs.count == 1 ? caption : part.run.name
        return PagePart.figure(
          title, own.map { PagePart.Key(name: $0.name, colour: $0.colour) },
          Self.drawings("\(part.run.name): \(caption)", steps, (part.upper, axes.upper), (part.lower, axes.lower)))
      })
  }

  /// Lines with the axis of their numbers.
  private typealias Part = (lines: [(line: Line, series: ThinnedSeries)], axis: Chart.Axis)

  /// One drawing, or two on the same axis of steps.
  private static func drawings(_ title: String, _ steps: Chart.Axis, _ upper: Part, _ lower: Part) -> [String] {
    func drawing(_ part: Part, _ steps: Chart.Axis, _ frame: Chart.Frame) -> String {
      let curves = part.lines.map { curve($0.line, $0.series) }
      return Chart(title: title, horizontal: steps, vertical: part.axis, curves: curves, frame: frame).svg
    }
    guard !upper.lines.isEmpty, !lower.lines.isEmpty else {
      return [upper, lower].filter { !$0.lines.isEmpty }.map { drawing($0, steps, .page) }
    }
    return [drawing(upper, steps.withoutLabels, .upper), drawing(lower, steps, .lower)]
  }

  /// The mean of each bin, with the extremes around it where a bin stands for several steps.
  private static func curve(_ line: Line, _ series: ThinnedSeries) -> Chart.Curve {
    Chart.Curve(
      name: line.name, points: series.bins.map { ($0.middle, $0.mean) }, colour: line.colour,
      hasDots: series.bins.count == 1,
      band: series.width == 1 ? [] : series.bins.map { ($0.middle, $0.least, $0.greatest) })
  }

  private static func axis(_ lines: [(line: Line, series: ThinnedSeries)], most: Double = 6) -> Chart.Axis {
    Chart.Axis(holding: lines.flatMap { $0.series.bins.flatMap { [$0.least, $0.greatest] } }, most: most)
  }

  /// From the start to the last step of all runs.
  var axisOfSteps: Chart.Axis { Chart.Axis(steps: 0...(runs.map(\.course.steps.upperBound).max() ?? 1)) }
}
