/// The scores of several systems for the same trials.
package struct SystemScores: Sendable {
  private let files: [ScoreList]

  /// The trials, which are those of all systems.
  package var list: TrialList { files[0].list }

  /// Reads the scores of systems.
  /// - Parameters:
  ///   - paths: one file a system, at least one.
  ///   - counting: shows how many are read.
  /// - Throws: `Failure(.badData)` where a file cannot be read, or has other trials than the first.
  package init(_ paths: [String], counting: WorkCounting = .silent) throws {
    precondition(!paths.isEmpty, "scores are of one system or more")
    files = try counting.count(paths.count, of: "files of scores read") { advance in
      try paths.reduce(into: []) { files, path in
        let file = try ScoreList.read(path)
        if let first = files.first { try first.checkTrials(of: file) }
        files.append(file)
        advance(1)
      }
    }
  }

  /// The map from the systems' scores to log-likelihood ratios that fits the answers best.
  /// - Throws: `Failure(.badData)` where none does, `Failure(.usage)` where there are no answers.
  package func fusion(prior: Double) throws -> Calibration {
    guard !list.isBlind else { throw Failure(.usage, "\(list.path): the scores have no answers to fit a fusion to") }
    try list.checkBothKinds()
    let inputs = DoubleMatrix.assembled(rows: list.trials.count, columns: files.count) { range in
      range.flatMap { trial in files.map { Double($0.scores[trial]) } }
    }
    return try Calibration(inputs: inputs, targets: list.targets, prior: prior)
  }

  /// The log-likelihood ratio of each trial.
  /// - Parameters:
  ///   - fusion: a map of as many systems.
  ///   - counting: shows how many trials are done.
  package func fused(by fusion: Calibration, counting: WorkCounting = .silent) -> [Float] {
    let block = 10_000
    let count = list.trials.count
    return counting.count(count, of: "trials fused") { advance in
      list.trials.indices.map { trial in
        if (trial + 1) % block == 0 { advance(block) } else if trial + 1 == count { advance(count % block) }
        return Float(fusion.ratio(files.lazy.map { Double($0.scores[trial]) }))
      }
    }
  }
}

extension ScoreList {
  /// Checks that other scores are of the same trials in the same order.
  /// - Throws: `Failure(.badData)` that names both files and the first line that differs.
  fileprivate func checkTrials(of other: ScoreList) throws {
    func names(_ file: ScoreList, _ trial: Int) -> [Name] {
      let sides = file.list.trials[trial]
      return [sides.enrolment, sides.test].map { Name(file.list.names[$0]) } + [Name("\(sides.isTarget)")]
    }
    let shared = min(scores.count, other.scores.count)
    let isSame = list.trials == other.list.trials && list.names.map { Name($0) } == other.list.names.map { Name($0) }
    guard !isSame else { return }
    let line = (0..<shared).first { names(self, $0) != names(other, $0) } ?? shared
    guard scores.count == other.scores.count else {
      throw Failure(
        .badData,
        "\(other.list.path): has \(other.scores.count.counted("trial")), \(list.path) has \(scores.count): scores of "
          + "the same trials in the same order are expected")
    }
    throw Failure(
      .badData,
      "\(other.list.path): its trial \(line + 1), or the answer to it, is not that of \(list.path): scores of the same trials in the same "
        + "order are expected")
  }
}
