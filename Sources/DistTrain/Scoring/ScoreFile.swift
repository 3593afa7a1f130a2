/// The scores of trials as a file has them: lines of `enrolment test score`, with the answer behind where it is known
/// (wespeaker).
package struct ScoreFile: Sendable {
  /// The trials; without answers where the file has none.
  package let list: TrialList
  /// The score of each trial.
  package let scores: [Double]

  /// Reads a file of scores.
  /// - Throws: `Failure(.badData)` with the file, the line and what was expected there.
  package init(_ path: String) throws {
    var table = NameTable()
    var trials: [TrialList.Trial] = []
    var scores: [Double] = []
    var count: Int?
    try InputFile.contents(of: path).withUnsafeBytes { bytes in
      try LineReader.check(bytes, path: path)
      var lines = LineReader(bytes)
      while let place = lines.next() {
        let line = UnsafeRawBufferPointer(rebasing: bytes[place])
        let fields = line.split(whereSeparator: LineReader.isBlank).map { UnsafeRawBufferPointer(rebasing: $0) }
        guard let (score, isTarget) = Self.result(fields), fields.count == count ?? fields.count,
          table.count < Int(Int32.max) - 2, String(validating: line, as: UTF8.self) != nil
        else {
          let text = String(decoding: line.prefix(80), as: UTF8.self)
          throw Failure(
            .badData,
            "\(path), line \(lines.number): expected 'enrolment test score', in all lines or none with target or "
              + "nontarget behind, not '\(text)'")
        }
        count = fields.count
        let sides = (Int(table.number(of: fields[0])), Int(table.number(of: fields[1])))
        trials.append(TrialList.Trial(enrolment: sides.0, test: sides.1, isTarget: isTarget ?? false))
        scores.append(score)
      }
    }
    guard !trials.isEmpty else { throw Failure(.badData, "\(path) has no scores") }
    list = TrialList(path: path, names: table.names, trials: trials, gaps: [], isBlind: count == 3)
    self.scores = scores
  }

  /// The score and the answer of a line; nil where it has none.
  private static func result(_ fields: [UnsafeRawBufferPointer]) -> (score: Double, isTarget: Bool?)? {
    guard fields.count == 3 || fields.count == 4 else { return nil }
    let text = String(decoding: fields[2], as: UTF8.self)
    guard !text.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }), let score = Double(text), score.isFinite
    else {
      return nil
    }
    guard fields.count == 4 else { return (score, nil) }
    return TrialLabel.isTarget(fields[3]).map { (score, $0) }
  }

  /// Checks that other scores are of the same trials in the same order.
  /// - Throws: `Failure(.badData)` that names both files and the first line that differs.
  func checkTrials(of other: ScoreFile) throws {
    func names(_ file: ScoreFile, _ trial: Int) -> [Name] {
      let sides = file.list.trials[trial]
      return [sides.enrolment, sides.test].map { Name(file.list.names[$0]) } + [Name("\(sides.isTarget)")]
    }
    let shared = min(scores.count, other.scores.count)
    let isSame = list.trials == other.list.trials && list.names.map { Name($0) } == other.list.names.map { Name($0) }
    guard !isSame else { return }
    let line = (0..<shared).first { names(self, $0) != names(other, $0) } ?? shared
    throw Failure(
      .badData,
      "\(other.list.path): its trial \(line + 1) is not that of \(list.path): scores of the same trials in the same "
        + "order are expected")
  }
}

/// The scores of several systems for the same trials.
package struct SystemScores: Sendable {
  private let files: [ScoreFile]

  /// The trials, which are those of all systems.
  package var list: TrialList { files[0].list }

  /// Reads the scores of systems.
  /// - Parameter paths: one file a system, at least one.
  /// - Throws: `Failure(.badData)` where a file cannot be read, or has other trials than the first.
  package init(_ paths: [String]) throws {
    precondition(!paths.isEmpty, "scores are of one system or more")
    files = try paths.map { try ScoreFile($0) }
    for file in files.dropFirst() { try files[0].checkTrials(of: file) }
  }

  /// The map from the systems' scores to log-likelihood ratios that fits the answers best.
  /// - Throws: `Failure(.badData)` where none does, `Failure(.usage)` where there are no answers.
  package func fusion(prior: Double) throws -> Calibration {
    guard !list.isBlind else { throw Failure(.usage, "\(list.path): the scores have no answers to fit a fusion to") }
    let inputs = DoubleMatrix.assembled(rows: list.trials.count, columns: files.count) { range in
      range.flatMap { trial in files.map { $0.scores[trial] } }
    }
    return try Calibration(inputs: inputs, targets: list.targets, prior: prior)
  }

  /// The log-likelihood ratio of each trial.
  /// - Parameter fusion: a map of as many systems.
  package func fused(by fusion: Calibration) -> [Float] {
    list.trials.indices.map { trial in Float(fusion.ratio(files.lazy.map { $0.scores[trial] })) }
  }
}
