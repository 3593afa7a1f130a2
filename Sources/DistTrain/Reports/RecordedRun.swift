import Foundation

/// What the folder of a run tells of it.
package struct RecordedRun: Sendable {
  /// An evaluation of the held-out trials.
  struct Evaluation: Sendable {
    let step: Int
    /// The EER in percent.
    let eer: Double
    /// By the prior probability of a target.
    let minDCF: [String: Double]
  }

  let folder: RunFolder
  /// The name in tables and charts.
  var name: String
  let course: RunCourse
  /// The settings, or why they are not known.
  let settings: Result<Configuration, Failure>
  /// The run's starts, the first one first.
  let starts: [RunHistory.Start]
  /// By ascending steps.
  let evaluations: [Evaluation]
  /// Those of `evaluation.sets`.
  let sets: [EvaluatedSet]
  /// The scores of the last evaluation, or why they cannot be read; nil where there are none.
  let scores: Result<RecordedScores, Failure>?
  /// The scores of the best evaluation where that is another one; nil where none are kept.
  let bestScores: Result<RecordedScores, Failure>?
  /// The utterances of the trials; nil where they are not kept.
  let utterances: Result<RecordedUtterances, Failure>?
  /// Where embeddings of held-out speakers lie; nil where none are kept, or no list says whose they are.
  let picture: Result<SpeakerPicture, Failure>?
  /// The training corpus in words; nil where no checkpoint tells it.
  let corpus: Result<String, Failure>?
  /// The number of utterances and recordings that could not be read in training, by the kind of reason; nil where none
  /// is listed.
  let unreadable: [(kind: String, count: Int)]?
  /// The same of what `svdist prepare` left out of the training corpus, where its list is at hand.
  let leftOut: Result<[(kind: String, count: Int)], Failure>?
  /// The time of each rank; nil where its log is not there.
  let rankTimes: RankTimes?
  /// The trials of `shownScores` with what is known of their utterances; nil where either are not kept.
  let trials: Result<KnownTrials, Failure>?
  /// A line about each of the files that cannot be read or are not whole, but the settings and the log of the steps.
  let faults: [String]

  /// Reads a run folder.
  /// - Parameter bins: the largest number of bins of a series.
  /// - Throws: `Failure(.badData)` where it is none, or has no step.
  init(_ path: String, bins: Int) throws {
    let folder = try RunFolder(reading: path)
    self.folder = folder
    name = FileSystem.name(of: FileSystem.resolved(folder.path))
    course = try RunCourse(path: folder.metricsPath, bins: bins)
    settings = Self.settings(folder)
    var faults = ReadingFaults()
    starts = Self.starts(folder, &faults)
    let results = EvaluationResults(folder)
    evaluations = try Self.evaluations(results, &faults)
    sets = try Self.sets(in: folder, &faults)
    faults.reading { try results.checkLast() }
    scores = faults.result { try RecordedScores.last(results) }
    let (last, best) = (try? scores?.get().step, Self.best(of: evaluations))
    // They are looked at, too, where the last ones stand for them.
    let bestScores = best.flatMap { best in faults.result { try RecordedScores.best(results, ofStep: best.step) } }
    self.bestScores = best?.step == last ? nil : bestScores
    utterances = faults.result { try RecordedUtterances(path: results.utterancesPath) }
    picture = Self.picture(results, utterances, &faults)
    trials = Self.trials(scores, self.bestScores, utterances)
    if let lack = (try? trials?.get())?.lack { faults.add(lack) }
    corpus = faults.result { try Self.corpus(folder) }
    unreadable = faults.reading { try Self.kinds(folder.badUtterancesPath) }
    leftOut = (try? settings.get().corpus.train).flatMap { corpus in
      faults.result { try Self.leftOut(besides: corpus) }
    }
    rankTimes = RankTimes(path: folder.ranksPath)
    if let remark = rankTimes?.remark { faults.add(remark) }
    self.faults = faults.lines
  }

  /// The evaluation of the lowest EER after the first step, of equal ones the earliest; nil without one.
  var best: Evaluation? { Self.best(of: evaluations) }

  static func best(of evaluations: [Evaluation]) -> Evaluation? {
    evaluations.filter { $0.step > 0 }.min { ($0.eer, $0.step) < ($1.eer, $1.step) }
  }
}

extension RecordedRun {
  /// Reads several runs.
  /// - Parameters:
  ///   - bins: the largest number of bins of all series of one kind together.
  ///   - warn: is called with a line about what of a run cannot be read.
  /// - Throws: `Failure(.usage)` where one is named twice, `Failure(.badData)` where one is no run or has no step.
  package static func read(_ paths: [String], bins: Int = 1600, warn: (String) -> Void) throws -> [RecordedRun] {
    try checkDistinct(paths)
    var runs: [RecordedRun] = []
    for path in paths {
      let run = try RecordedRun(path, bins: min(400, max(40, bins / paths.count)))
      if let remark = run.course.remark { warn("\(run.folder.metricsPath): \(remark)") }
      if case .failure(let failure) = run.settings { warn("the settings are not known: \(failure.message)") }
      for fault in run.faults { warn(fault) }
      runs.append(run)
    }
    let counts = Dictionary(grouping: runs, by: { Name($0.name) }).mapValues(\.count)
    for index in runs.indices where counts[Name(runs[index].name)] != 1 { runs[index].name = runs[index].folder.path }
    return runs
  }

  /// Checks that all paths are run folders, each another one; they need not have a step yet.
  /// - Throws: `Failure(.usage)` where one is named twice, `Failure(.badData)` where one is no run.
  package static func check(_ paths: [String]) throws {
    try checkDistinct(paths)
    for path in paths { _ = try RunFolder(reading: path) }
  }

  private static func checkDistinct(_ paths: [String]) throws {
    var seen: [Name: String] = [:]
    for path in paths {
      guard let other = seen.updateValue(path, forKey: Name(FileSystem.resolved(path))) else { continue }
      throw Failure(.usage, "\(path): is the same run as \(other): name each once")
    }
  }

  /// The settings in which runs differ, each with its value in every run; nil where a run has no such setting, or its
  /// settings are not known.
  static func differences(_ runs: [RecordedRun]) -> [(key: String, values: [String?])] {
    let listed = runs.map { (try? $0.settings.get().listed) ?? [] }
    let tables = listed.map { Dictionary($0.map { ($0.key, $0.text) }, uniquingKeysWith: { first, _ in first }) }
    let known = runs.indices.filter { !listed[$0].isEmpty }
    let keys = listed.flatMap { $0.map(\.key) }
    var seen: Set<String> = []
    return keys.filter { seen.insert($0).inserted }.compactMap { key in
      let values = tables.map { $0[key] }
      return Set(known.map { values[$0] }).count > 1 ? (key, values) : nil
    }
  }
}
