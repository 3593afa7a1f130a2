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
    let ids = Set(usable.map { Name($0.id) })
    let kept = enrolments.restricted { ids.contains(Name($0)) }
    let enrolled = Set(kept.enrolments.map { Name($0.name) })
    let isEnrolled = trials.names.map { enrolled.contains(Name($0)) }
    let isUsable = trials.names.map { ids.contains(Name($0)) }
    let left = trials.trials.filter { isEnrolled[$0.enrolment] && isUsable[$0.test] }
    guard left.contains(where: \.isTarget), left.contains(where: { !$0.isTarget }) else {
      throw Failure(
        .badData,
        "\(trials.path): \(left.count) of \(trials.trials.count) trials can be used, and not of both kinds; the files of the "
          + "evaluation are missing or broken, the first listed: \(utterances.first { !ids.contains(Name($0.id)) }?.path ?? "-")"
      )
    }
    return PublishedEvaluation(
      utterances: usable, trials: TrialList(path: trials.path, names: trials.names, trials: left),
      enrolments: kept)
  }

  /// Writes `trials`, in Kaldi's form, and `enroll.map` into a folder.
  func write(into folder: String) throws {
    try enrolments.write(to: "\(folder)/\(Self.enrolmentsName)")
    try trials.write(to: "\(folder)/\(TrialList.name)")
  }
}
