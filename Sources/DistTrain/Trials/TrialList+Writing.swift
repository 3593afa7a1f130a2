extension TrialList {
  /// The name of a data directory's trial list.
  package static let name = "trials"

  /// Writes the trials in Kaldi's form, `enrolment test target|nontarget`, without the answer where there is none.
  package func write(to path: String) throws {
    // CN-Celeb has 3.5 million trials, which are too many to be gathered as lines.
    let file = try OutputFile(path: path)
    for trial in trials {
      let answer = isBlind ? "" : trial.isTarget ? " target" : " nontarget"
      try file.write("\(names[trial.enrolment]) \(names[trial.test])\(answer)\n")
    }
    try file.finish()
  }
}

extension EnrolmentMap {
  /// Writes a line for each enrolment.
  package func write(to path: String) throws {
    try OutputFile.write(lines: enrolments.map { ([$0.name] + $0.utterances).joined(separator: " ") }, to: path)
  }

  /// The enrolments with those of their utterances that are there, without those of which none is.
  package func restricted(to isThere: (String) -> Bool) -> EnrolmentMap {
    EnrolmentMap(
      path: path,
      enrolments: enrolments.compactMap { enrolment in
        let pieces = enrolment.utterances.filter(isThere)
        return pieces.isEmpty ? nil : Enrolment(name: enrolment.name, utterances: pieces, line: enrolment.line)
      })
  }
}
