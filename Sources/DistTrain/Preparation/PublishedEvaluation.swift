/// An evaluation as a published corpus defines it: utterances, the pieces of enrolments, and trials over both.
package struct PublishedEvaluation: Sendable {
  /// The utterances, in the byte order of their ids, which are those in the lists.
  package let utterances: [ListedUtterance]
  /// The trials, each a pair of an enrolment and an utterance.
  package let trials: TrialList
  package let enrolments: EnrolmentMap

  static let enrolmentsName = "enroll.map"

  init(utterances: [ListedUtterance], trials: TrialList, enrolments: EnrolmentMap) {
    self.utterances = ByteOrder.sorted(utterances) { $0.id }
    self.trials = trials
    self.enrolments = enrolments
  }

  /// The evaluation reduced to these of its utterances: enrolments lose their other pieces, and trials whose test or
  /// whole enrolment is missing are dropped.
  ///
  /// - Throws: `Failure(.badData)` where no target or no non-target trial is left.
  func restricted(to usable: [ListedUtterance]) throws -> PublishedEvaluation {
    guard usable.count < utterances.count else {
      return PublishedEvaluation(utterances: usable, trials: trials, enrolments: enrolments)
    }
    let ids = Set(usable.map(\.id))
    let kept = enrolments.enrolments.compactMap { enrolment -> EnrolmentMap.Enrolment? in
      let pieces = enrolment.utterances.filter { ids.contains($0) }
      return pieces.isEmpty ? nil : .init(name: enrolment.name, utterances: pieces, line: enrolment.line)
    }
    let enrolled = Set(kept.map(\.name))
    let isEnrolled = trials.names.map { enrolled.contains($0) }
    let isUsable = trials.names.map { ids.contains($0) }
    let left = trials.trials.filter { isEnrolled[$0.enrolment] && isUsable[$0.test] }
    guard left.contains(where: \.isTarget), left.contains(where: { !$0.isTarget }) else {
      throw Failure(
        .badData,
        "\(trials.path): \(left.count) of \(trials.trials.count) trials can be used, and not of both kinds; the files of the "
          + "evaluation are missing or broken, the first listed: \(utterances.first { !ids.contains($0.id) }?.path ?? "-")"
      )
    }
    return PublishedEvaluation(
      utterances: usable, trials: TrialList(path: trials.path, names: trials.names, trials: left),
      enrolments: EnrolmentMap(path: enrolments.path, enrolments: kept))
  }

  /// Writes `trials`, in Kaldi's form, and `enroll.map` into a folder.
  func write(into folder: String) throws {
    try OutputFile.write(
      lines: enrolments.enrolments.map { ([$0.name] + $0.utterances).joined(separator: " ") },
      to: "\(folder)/\(Self.enrolmentsName)")
    // CN-Celeb has 3.5 million trials, which are too many to be gathered as lines.
    let file = try OutputFile(path: "\(folder)/trials")
    for trial in trials.trials {
      let enrolment = trials.names[trial.enrolment]
      try file.write("\(enrolment) \(trials.names[trial.test]) \(trial.isTarget ? "target" : "nontarget")\n")
    }
    try file.finish()
  }
}
