internal import CKernels
import Foundation

/// Scores trials by the cosine of their embeddings.
public struct TrialScorer: Sendable {
  private let embeddings: Embeddings
  /// The embeddings scaled to length 1, or 0 where an embedding is 0.
  private let directions: Matrix

  /// Scales all embeddings to length 1.
  /// - Parameter mean: the vector that is subtracted from every embedding first; nil subtracts nothing.
  /// - Throws: `Failure(.badData)` where the mean has other dimensions or is not finite, or an embedding is not finite,
  ///   whose utterance it names.
  public init(_ embeddings: Embeddings, mean: [Float]? = nil) throws {
    let vectors = embeddings.vectors
    if let mean, mean.count != vectors.columns {
      throw Failure(.badData, "the mean has \(mean.count.counted("dimension")), the embeddings have \(vectors.columns)")
    }
    if let mean, !mean.allSatisfy(\.isFinite) {
      throw Failure(.badData, "the mean that is subtracted is not finite")
    }
    self.embeddings = embeddings
    directions = Matrix(rows: vectors.rows, columns: vectors.columns)
    for row in 0..<vectors.rows {
      var squares = 0.0
      for column in 0..<vectors.columns {
        let value = vectors[row, column] - (mean?[column] ?? 0)
        directions[row, column] = value
        squares += Double(value) * Double(value)
      }
      guard squares.isFinite else {
        throw Failure(.badData, "the embedding of \(embeddings.names[row]) is not finite")
      }
      let scale = squares > 0 ? Float(1 / squares.squareRoot()) : 0
      for column in 0..<vectors.columns { directions[row, column] *= scale }
    }
  }

  /// Takes vectors whose inner products are the scores: each recording's mean of the directions of its crops
  /// (`MultiCrop`).
  package init(directions embeddings: Embeddings) {
    self.embeddings = embeddings
    directions = embeddings.vectors
  }

  /// The score of each trial, in [-1, 1].
  ///
  /// - Throws: `Failure(.badData)` that names the list, the line and the utterance which has no embedding.
  public func scores(of list: TrialList) throws -> [Float] {
    try SoleCommunicator.run { try scores(of: list, communicator: $0) }
  }

  /// The score of each trial as the other `scores` gives it, on every rank; ranks share the trials.
  /// - Throws: `AgreedFailure`.
  public func scores(of list: TrialList, communicator: any Communicator) throws -> [Float] {
    let rows = embeddings.rows(of: list.names)
    return try communicator.shared(list.trials.count) { try scores(of: list, $0, rows) }
  }

  /// The scores of a stretch of trials.
  private func scores(
    of list: TrialList, _ share: Range<Int>, _ rows: (enrolments: [Int?], tests: [Int?])
  ) throws -> [Float] {
    try share.map { index in
      let trial = list.trials[index]
      guard let enrolment = rows.enrolments[trial.enrolment], let test = rows.tests[trial.test] else {
        let name = list.names[rows.enrolments[trial.enrolment] == nil ? trial.enrolment : trial.test]
        throw Failure(
          .badData,
          "\(list.path), line \(list.line(of: index)): utterance \(name) has no embedding"
            + embeddings.near.hint(at: name))
      }
      let cosine = Float(ck_dot(directions.row(enrolment), directions.row(test), directions.columns))
      return min(max(cosine, -1), 1)
    }
  }

  /// All files that are written for scores in a file of that name, which is the first of them.
  package static func places(of path: String) -> [String] { [path, ScoreOrigin.path(of: path)] }

  /// Checks, before embeddings are computed, that scores can be written to a path, and their origin beside it.
  /// - Throws: `Failure(.usage)` for a folder of that name, a folder that does not exist, and a file of something else.
  package static func check(_ path: String) throws {
    try AtomicFile.check(places(of: path), for: "scores") { isScores($0.beginning(1 << 16)) }
    try ScoreOrigin.check(of: path)
  }

  /// Whether bytes begin with a line as `write` makes it; one of a trial list has no decimals.
  private static func isScores(_ bytes: [UInt8]) -> Bool {
    let line = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    let fields = line.split(separator: " ")
    let kinds = ["target", "nontarget"]
    guard fields.count == 3 || (fields.count == 4 && kinds.contains(String(fields[3]))) else { return false }
    let decimals = fields[2].split(separator: ".", omittingEmptySubsequences: false)
    return decimals.count == 2 && decimals[1].utf8.count == 5 && Float(fields[2]) != nil
  }

  /// Writes lines of `enrolment test score target|nontarget`, the score with five decimals, as wespeaker does; those of
  /// a list without answers end with the score.
  /// - Parameter origin: how they were made, which is written beside them; nil writes the scores alone.
  package static func write(
    _ scores: [Float], of list: TrialList, to path: String, origin: ScoreOrigin? = nil
  ) throws {
    precondition(scores.count == list.trials.count, "\(scores.count) scores for \(list.trials.count) trials")
    func write(to file: OutputFile) throws {
      for (score, trial) in zip(scores, list.trials) {
        let kind = list.isBlind ? "" : trial.isTarget ? " target" : " nontarget"
        try file.write("\(list.names[trial.enrolment]) \(list.names[trial.test]) \(fiveDecimals(score))\(kind)\n")
      }
    }
    guard let origin, !FileSystem.isDevice(path) else {
      try AtomicFile.write(to: path, write)
      return
    }
    let file = try AtomicFile.stage(path, write)
    let mark: StagedFile
    do {
      mark = try origin.stage(beside: path, digest: file.digest)
    } catch {
      file.discard()
      throw error
    }
    try StagedFile.install(together: [file, mark])
  }

  /// The text that `%.5f` prints, computed faster because lists have millions of scores.
  static func fiveDecimals(_ value: Float) -> String {
    // The product is exact: 24 bits of the score and 17 of 100000 fit into a double.
    let scaled = (Double(value) * 100_000).rounded(.toNearestOrEven)
    guard abs(scaled) < 1e15 else { return String(format: "%.5f", Double(value)) }
    let digits = String(Int(abs(scaled)) % 100_000)
    let padding = String(repeating: "0", count: 5 - digits.count)
    return "\(value.sign == .minus ? "-" : "")\(Int(abs(scaled)) / 100_000).\(padding)\(digits)"
  }
}

extension TrialScorer {
  /// The cosine of two embeddings, or 0 where one of them is 0.
  package static func cosine(_ first: [Float], _ second: [Float]) -> Float {
    precondition(first.count == second.count, "embeddings of one encoder have as many dimensions")
    func dot(_ a: [Float], _ b: [Float]) -> Double {
      zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let lengths = (dot(first, first) * dot(second, second)).squareRoot()
    return lengths > 0 ? Float(dot(first, second) / lengths) : 0
  }
}
