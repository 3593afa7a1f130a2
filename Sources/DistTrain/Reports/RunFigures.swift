import Foundation

/// The figures by which runs are compared.
struct RunFigures: Sendable {
  /// A figure of the last evaluation; the interval is nil where the run does not keep the scores of that.
  struct Figure: Sendable, Equatable {
    let value: Double
    let interval: SpeakerBootstrap.Interval?
  }

  /// The number of the last evaluation's step; nil where nothing was evaluated.
  let step: Int?
  /// In percent.
  let eer: Figure?
  /// By the prior probability of a target, as results name it, ascending.
  let minDCF: [(prior: String, figure: Figure)]
  let best: RecordedRun.Evaluation?
  /// The number of the last step, and of the last that the run is to take; nil where that is not known.
  let steps: (last: Int, planned: Int?)
  let seconds: Double?
  let utterancesPerSecond: Double?

  init(_ run: RecordedRun, resamples: Int) {
    let last = run.evaluations.last
    step = last?.step
    let scores = try? run.scores?.get()
    let rows = scores?.step == last?.step ? scores?.figures(resamples: resamples)?.rows ?? [] : []
    func interval(_ name: String) -> SpeakerBootstrap.Interval? { rows.first { $0.name == name }?.interval }
    eer = last.map { Figure(value: $0.eer, interval: interval("EER")) }
    minDCF = (last?.minDCF ?? [:]).sorted { (Double($0.key) ?? 0, $0.key) < (Double($1.key) ?? 0, $1.key) }
      .map { ($0.key, Figure(value: $0.value, interval: interval("minDCF(\($0.key))"))) }
    best = run.best
    steps = (run.course.steps.upperBound, try? run.settings.get().steps)
    seconds = run.course.elapsed
    utterancesPerSecond = run.course.utterancesPerSecond
  }

  /// The priors of all runs' costs, ascending.
  static func priors(_ runs: [RunFigures]) -> [String] {
    runs.flatMap { $0.minDCF.map(\.prior) }.distinct.sorted { (Double($0) ?? 0, $0) < (Double($1) ?? 0, $1) }
  }

  func minDCF(_ prior: String) -> Figure? { minDCF.first { $0.prior == prior }?.figure }
}

/// Figures in words.
extension RunFigures {
  var shownSteps: String { steps.planned.map { "\(steps.last) of \($0)" } ?? "\(steps.last)" }

  var shownTime: String? { seconds.map(TimeWords.exact) }

  var shownSpeed: String? { utterancesPerSecond.map { String(format: "%.1f", $0) } }

  var shownBest: String? { best.map { String(format: "%.3f", $0.eer) + " at step \($0.step)" } }

  static func shown(_ figure: Figure?, decimals: Int) -> String? {
    figure.map { figure in
      let number = String(format: "%.\(decimals)f", figure.value)
      return number + (figure.interval.map { " " + shown($0, format: "%.\(decimals)f") } ?? "")
    }
  }

  static func shown(_ interval: SpeakerBootstrap.Interval, format: String) -> String {
    "[\(String(format: format, interval.low)), \(String(format: format, interval.high))]"
  }

  static func shown(_ difference: SystemComparison.Difference, decimals: Int) -> String {
    let format = "%+.\(decimals)f"
    return String(format: format, difference.value) + " " + shown(difference.interval, format: format)
      + String(format: ", p %.3f", difference.p)
  }
}
