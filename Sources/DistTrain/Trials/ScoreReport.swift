import Foundation

/// What a list of scores is worth, as text for people and as JSON.
package struct ScoreReport: Sendable {
  /// A trial that the scores are wrong about.
  package struct Mistake: Sendable {
    let isTarget: Bool
    let score: Float
    /// The recordings' paths, or names.
    let enrolment: String
    let test: String

    package init(isTarget: Bool, score: Float, enrolment: String, test: String) {
      self.isTarget = isTarget
      self.score = score
      self.enrolment = enrolment
      self.test = test
    }
  }

  private let trials: Int
  private let targets: Int
  private let figures: FiguresWithIntervals
  private let bootstrap: SpeakerBootstrap?
  private let speakers: Int
  private var comparison: SystemComparison?
  /// Trials by the values of properties.
  private var divisions: [(property: String, groups: TrialGroups)] = []
  private var mistakes: [Mistake] = []

  /// - Parameters:
  ///   - resamples: the number of resamples for intervals; 0 gives none.
  ///   - counting: shows how many of them are done.
  /// - Throws: `Failure(.badData)` where the speakers are too few for intervals.
  package init(
    _ ranked: RankedTrials, speakers: TrialSpeakers, choice: DetectionFigures.Choice, resamples: Int,
    counting: WorkCounting = .silent
  ) throws {
    trials = ranked.positions.count
    targets = ranked.targets
    self.speakers = speakers.count
    bootstrap = try resamples == 0 ? nil : Self.bootstrap(speakers, resamples)
    figures = try FiguresWithIntervals(ranked, choice, bootstrap, counting: counting)
  }

  private static func bootstrap(_ speakers: TrialSpeakers, _ resamples: Int) throws -> SpeakerBootstrap {
    guard speakers.count >= SpeakerBootstrap.fewestSpeakers else {
      throw Failure(
        .badData,
        "the trials are of \(speakers.count.counted("speaker")), and an interval over speakers takes at least "
          + "\(SpeakerBootstrap.fewestSpeakers): --resamples 0 leaves intervals out")
    }
    return SpeakerBootstrap(speakers, resamples: resamples)
  }

  /// Adds the differences of a second system's figures to these.
  /// - Precondition: intervals were asked for.
  package mutating func compare(
    _ ranked: RankedTrials, with other: RankedTrials, _ choice: DetectionFigures.Choice,
    counting: WorkCounting = .silent
  ) throws {
    guard let bootstrap else { preconditionFailure("a comparison is by resamples") }
    comparison = try SystemComparison(ranked, other, choice, bootstrap, counting: counting)
  }

  package mutating func add(_ groups: TrialGroups, by property: String) { divisions.append((property, groups)) }

  package mutating func add(_ mistakes: [Mistake]) { self.mistakes += mistakes }

  /// The report in lines.
  package var text: String {
    let how =
      bootstrap.map { "; 95 % intervals by \($0.resamples) resamples of \(speakers.counted("speaker"))" } ?? ""
    let head = ["\(trials.counted("trial")), \(targets) targets\(how)"]
    let rows = figures.rows.enumerated().map { index, row in
      let interval = row.interval.map { "  [\(Self.shown($0.low, row.name)), \(Self.shown($0.high, row.name))]" } ?? ""
      return Self.padded(row.name, max(14, row.name.count + 2)) + Self.shown(row.value, row.name) + interval
        + (comparison.map { "  " + Self.shown($0.differences[index], row.name) } ?? "")
    }
    let groups = divisions.flatMap { division in
      let width = max(division.property.count, division.groups.rows.map(\.name.count).max() ?? 0) + 2
      let head = Self.padded(division.property, width) + "    trials   targets    EER %  misses %  false alarms %"
      return ["", head] + division.groups.rows.map { Self.padded($0.name, width) + Self.columns($0) }
    }
    let worst = mistakes.map {
      String(format: "%@  %.5f  ", $0.isTarget ? "target   " : "nontarget", $0.score) + "\($0.enrolment)  \($0.test)"
    }
    return (head + rows + groups + (worst.isEmpty ? [] : [""]) + worst).joined(separator: "\n")
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func shown(_ value: Double, _ name: String) -> String {
    name == "EER" ? String(format: "%.3f %%", value) : String(format: "%.4f", value)
  }

  private static func shown(_ difference: SystemComparison.Difference, _ name: String) -> String {
    let format = name == "EER" ? "%+.3f" : "%+.4f"
    let bounds = [difference.value, difference.interval.low, difference.interval.high].map {
      String(format: format, $0)
    }
    return "other \(bounds[0])  [\(bounds[1]), \(bounds[2])]  p \(String(format: "%.3f", difference.p))"
  }

  private static func columns(_ row: TrialGroups.Row) -> String {
    func rate(_ value: Double?, _ width: Int) -> String {
      let text = value.map { String(format: "%.2f", $0) } ?? "–"
      return String(repeating: " ", count: max(1, width - text.count)) + text
    }
    return String(format: "%10d%10d", row.trials, row.targets) + rate(row.eer, 9) + rate(row.misses, 10)
      + rate(row.falseAlarms, 16)
  }
}

extension ScoreReport {
  /// The report as JSON, in one line.
  package var json: String {
    let rows = figures.rows.enumerated().map { index, row in
      "\(JSONText.quoted(row.name)):{\"value\":\(JSONText.number(row.value))"
        + (row.interval.map { ",\"interval\":" + Self.json($0) } ?? "")
        + (comparison.map { "," + Self.json($0.differences[index]) } ?? "") + "}"
    }
    let divisions = divisions.map { division in
      let rows = division.groups.rows.map(Self.json).joined(separator: ",")
      return "{\"by\":\(JSONText.quoted(division.property)),\"groups\":[\(rows)]}"
    }
    let mistakes = mistakes.map {
      "{\"target\":\($0.isTarget),\"score\":\(JSONText.number(Double($0.score))),"
        + "\"enrolment\":\(JSONText.quoted($0.enrolment)),\"test\":\(JSONText.quoted($0.test))}"
    }
    return "{\"trials\":\(trials),\"targets\":\(targets),\"speakers\":\(speakers),"
      + "\"resamples\":\(bootstrap?.resamples ?? 0),\"figures\":{\(rows.joined(separator: ","))},"
      + "\"divisions\":[\(divisions.joined(separator: ","))],\"worst\":[\(mistakes.joined(separator: ","))]}"
  }

  private static func json(_ interval: SpeakerBootstrap.Interval) -> String {
    "[\(JSONText.number(interval.low)),\(JSONText.number(interval.high))]"
  }

  private static func json(_ difference: SystemComparison.Difference) -> String {
    "\"difference\":{\"value\":\(JSONText.number(difference.value)),\"interval\":\(json(difference.interval)),"
      + "\"p\":\(JSONText.number(difference.p))}"
  }

  private static func json(_ row: TrialGroups.Row) -> String {
    func number(_ value: Double?) -> String { value.map(JSONText.number) ?? "null" }
    return "{\"name\":\(JSONText.quoted(row.name)),\"trials\":\(row.trials),\"targets\":\(row.targets),"
      + "\"eer\":\(number(row.eer)),\"misses\":\(number(row.misses)),\"falseAlarms\":\(number(row.falseAlarms))}"
  }
}
