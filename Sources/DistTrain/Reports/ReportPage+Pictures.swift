import Foundation

/// Where held-out speakers' embeddings lie.
extension ReportPage {
  var pictures: String {
    let known = runs.compactMap { run in (try? run.picture?.get()).map { (run: run, picture: $0) } }
    let figures = known.map { figure($0.run, $0.picture) }
    let remark = PagePart.paragraph(
      "Embeddings of length 1, less their mean, along the two directions in which they vary most (principal "
        + "components). Speakers whom this plane shows together may be apart in others.")
    return PagePart.section(
      "Embeddings of held-out speakers",
      [
        known.isEmpty ? "" : remark, PagePart.figures(figures),
        missing("embeddings and their speakers (evaluation/embeddings.safetensors, utterances.tsv)", of: \.picture),
      ])
  }

  private func figure(_ run: RecordedRun, _ picture: SpeakerPicture) -> String {
    let symbols = Chart.Symbol.allCases
    let keys = picture.speakers.enumerated().map { place, name in
      PagePart.Key(
        name: name, colour: Self.colour(place),
        symbol: symbols[place / Chart.Colour.distinct.count % symbols.count])
    }
    let marks = picture.points.map { point in
      let key = keys[point.speaker]
      return Chart.Mark(
        x: point.x, y: point.y, name: "\(key.name): \(point.utterance)", colour: key.colour,
        symbol: key.symbol ?? .circle)
    }
    let title = runs.count == 1 ? "Embeddings" : run.name
    let (horizontal, vertical) = Self.axes(picture, in: .square)
    let chart = Chart(
      title: "\(title): embeddings", horizontal: horizontal, vertical: vertical, curves: [], frame: .square,
      marks: marks)
    return PagePart.figure("\(title), \(Self.words(picture))", keys, [chart.svg])
  }

  private static func words(_ picture: SpeakerPicture) -> String {
    let step = picture.step.map { "step \($0)" } ?? "a step that the file does not tell"
    let speakers =
      picture.speakers.count < picture.kept
      ? "\(picture.speakers.count) of \(picture.kept) speakers" : "\(picture.kept) speakers"
    return "\(step): \(picture.points.count) utterances of \(speakers); "
      + String(
        format: "%.1f %% of their variance along x, %.1f %% along y", 100 * picture.shares.x, 100 * picture.shares.y)
  }

  /// Axes about 0 with the same unit, so that distances are as they look.
  private static func axes(_ picture: SpeakerPicture, in frame: Chart.Frame) -> (Chart.Axis, Chart.Axis) {
    let (width, height) = (frame.area.right - frame.area.left, frame.area.bottom - frame.area.top)
    let across = picture.points.map { abs($0.x) }.max() ?? 0
    let up = picture.points.map { abs($0.y) }.max() ?? 0
    let unit = 1.08 * max(across / width, up / height, 1e-9)
    func axis(_ reach: Double) -> Chart.Axis {
      Chart.Axis(title: "", over: -reach...reach, most: 6) { String(format: "%g", $0) }
    }
    return (axis(unit * width), axis(unit * height))
  }
}
