import Foundation

/// A page that shows what runs recorded: one file of HTML that needs nothing beside it and runs no scripts.
package struct ReportPage {
  let runs: [RecordedRun]
  let comparison: RunComparison
  let resamples: Int
  /// Those of the runs that keep scores and utterances, with their names.
  let trials: [(run: String, known: KnownTrials)]
  /// Whether the recordings of the worst trials are part of the page.
  let hasAudio: Bool
  private let version: String

  /// - Parameters:
  ///   - resamples: the number of resamples for intervals; 0 for none.
  ///   - hasAudio: whether the recordings of the worst trials are part of the page.
  ///   - version: the version of svdist, for the last line.
  package init(_ runs: [RecordedRun], resamples: Int, hasAudio: Bool = false, version: String) {
    self.runs = runs
    self.resamples = resamples
    self.hasAudio = hasAudio
    self.version = version
    trials = runs.compactMap { run in (try? run.trials?.get()).map { (run.name, $0) } }
    comparison = RunComparison(runs, resamples: resamples)
  }

  /// The beginning of every page, by which it is known again.
  private static let beginning = "<!DOCTYPE html>\n<!-- svdist report -->\n"

  /// Whether a file is such a page, which may thus be replaced.
  package static func isPage(_ file: InputFile) -> Bool {
    file.beginning(beginning.utf8.count).elementsEqual(beginning.utf8)
  }

  /// The page's text.
  package var html: String {
    Self.document(title: title, body: body, ending: "Written by svdist \(version) from the run folders.")
  }

  /// What the page is called.
  var title: String { runs.count == 1 ? "Run \(runs[0].name)" : "\(runs.count) runs" }

  /// The page's sections, as HTML.
  var body: String {
    [
      overview, settings, losses, gradients, schedules, evaluations, scores, groups, worstTrials, pictures, time, data,
      starts,
    ].joined()
  }

  /// A page of this style.
  /// - Parameters:
  ///   - reload: the seconds after which a browser asks for it again; nil where it does not.
  ///   - body: HTML.
  ///   - ending: the last line.
  static func document(title: String, reload: Int? = nil, body: String, ending: String) -> String {
    let title = Markup.escaped(title)
    let refresh = reload.map { "<meta http-equiv=\"refresh\" content=\"\($0)\"/>\n" } ?? ""
    return beginning + "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n" + refresh
      + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>\(title)</title>\n"
      + "<link rel=\"icon\" href=\"data:,\"/>\n<style>\n\(ReportStyle.text)</style>\n</head>\n<body>\n<h1>\(title)</h1>\n"
      + body + "<p class=\"soft\">\(Markup.escaped(ending))</p>\n</body>\n</html>\n"
  }

  /// The names of the runs, behind an empty one.
  var names: [String] { [""] + runs.map(\.name) }

  /// The lines that say of each run what it did not record.
  /// - Parameter isThere: whether a run has it.
  func missing(_ what: String, where isThere: (RecordedRun) -> Bool) -> String {
    let without = runs.filter { !isThere($0) }.map(\.name)
    guard !without.isEmpty else { return "" }
    return PagePart.missing(
      runs.count == 1 ? "Not recorded: \(what)." : "Not recorded by \(without.joined(separator: ", ")): \(what).")
  }

  /// The same of a part that may also be there and cannot be read.
  func missing<Part>(_ what: String, of part: (RecordedRun) -> Result<Part, Failure>?) -> String {
    let unread = runs.filter { run in part(run).map { (try? $0.get()) == nil } ?? false }.map(\.name)
    let which = runs.count == 1 ? "" : " of \(unread.joined(separator: ", "))"
    return missing(what) { part($0) != nil }
      + (unread.isEmpty ? "" : PagePart.missing("Cannot be read\(which), as the overview says: \(what)."))
  }

  private var overview: String {
    let facts: [(name: String, values: [String?])] = [
      ("run folder", runs.map(\.folder.path)),
      ("encoder", runs.map { try? $0.settings.get().listed.first { $0.key == "encoder.type" }?.text }),
      ("trained on", runs.map(Self.training)),
      ("evaluated on", runs.map(\.evaluatedOn)),
      ("begun with", runs.map { $0.starts.first.map { $0.from?.path ?? "drawn parameters" } }),
      ("ranks × threads", runs.map(Self.ranks)),
      ("svdist", runs.map { $0.starts.map(\.version).distinct.joined(separator: ", ") }.map { $0.isEmpty ? nil : $0 }),
    ]
    let more: [(name: String, values: [String?])] = [
      ("stages from step", runs.map(Self.stages)), ("epoch, from 0", runs.map { "\($0.course.epoch)" }),
      ("updates left out", runs.map { $0.course.last("skipped").map { String(format: "%.0f", $0) } }),
    ]
    .filter { row in row.values.contains { $0 != nil } }
    let remarks = runs.flatMap { run in
      let course = run.course.remark.map { ["\(run.name): metrics.jsonl: \($0)"] } ?? []
      return (course + run.faults).map { PagePart.missing("\($0).") }
    }
    return PagePart.section(
      "Overview", [PagePart.table(names, facts + comparison.results + more), intervals, thinning] + remarks)
  }

  private var intervals: String {
    let known = comparison.figures.contains { $0.eer?.interval != nil }
    return known
      ? PagePart.paragraph("In brackets: 95 % intervals over speakers, of the scores that the run keeps.") : ""
  }

  /// Says what a point of a curve is, where that is not a step.
  private var thinning: String {
    let widest = runs.map(\.course.widest).max() ?? 1
    guard widest > 1 else { return "" }
    return PagePart.paragraph(
      "In the charts below, a point of a curve is the mean of up to \(widest) steps, and the area around it reaches from "
        + "the least of them to the greatest.")
  }

  private static func training(_ run: RecordedRun) -> String? {
    let path = try? run.settings.get().corpus.train
    let contents = try? run.corpus?.get()
    return path.map { path in path + (contents.map { ": \($0)" } ?? "") } ?? contents
  }

  private static func stages(_ run: RecordedRun) -> String? {
    let stages = run.course.stages.map { "\($0.stage): \($0.step)" }
    return stages.isEmpty ? nil : stages.joined(separator: ", ")
  }

  private static func ranks(_ run: RecordedRun) -> String? {
    guard !run.starts.isEmpty else { return nil }
    return run.starts.map {
      "\($0.ranks) × \($0.threads.map(String.init) ?? "?") on \($0.hosts.joined(separator: ", "))"
    }
    .distinct.joined(separator: "; ")
  }

  private var settings: String {
    let differing =
      runs.count < 2
      ? ""
      : comparison.settings.isEmpty
        ? PagePart.paragraph("No setting differs.")
        : PagePart.table(names, comparison.settings.map { ($0.key, $0.values) })
    let all = runs.map { run in
      switch run.settings {
      case .success(let settings): PagePart.details("All settings of \(run.name)", settings.yaml)
      case .failure(let failure): PagePart.missing("\(run.name): its settings are not known: \(failure.message).")
      }
    }
    return PagePart.section(runs.count < 2 ? "Settings" : "Settings that differ", [differing] + all)
  }
}
