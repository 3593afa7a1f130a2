import Foundation

/// A threshold in a file, for `svdist verify`.
package enum DecisionFile {
  private struct Contents: Codable {
    static let format = "svdist threshold 1"
    let format: String
    let wantedFalseAccepts: Double
    let threshold: DecisionThreshold.Rate
    let falseAccepts: DecisionThreshold.Rate
    let misses: DecisionThreshold.Rate
    let targets: Int
    let nonTargets: Int
    let speakers: Int
    /// How the scores were made; nil where it is not known.
    let scores: ScoreOrigin?
  }

  /// Checks, before the threshold is computed, that it can be written to a path.
  /// - Throws: `Failure(.usage)` for a folder of that name, a folder that does not exist, and a file of something else.
  package static func check(_ path: String) throws {
    try AtomicFile.check([path], for: "threshold") { file in
      (try? contents(file.beginning(1 << 16))) != nil
    }
  }

  /// Writes a threshold.
  /// - Parameter origin: how its scores were made; nil where it is not known.
  package static func write(_ threshold: DecisionThreshold, of origin: ScoreOrigin?, to path: String) throws {
    try AtomicFile.write(json(threshold, of: origin) + "\n", to: path)
  }

  /// A threshold as JSON, in one line.
  package static func json(_ threshold: DecisionThreshold, of origin: ScoreOrigin?) throws -> String {
    let contents = Contents(
      format: Contents.format, wantedFalseAccepts: threshold.wanted, threshold: threshold.threshold,
      falseAccepts: threshold.falseAccepts, misses: threshold.misses, targets: threshold.targets,
      nonTargets: threshold.nonTargets, speakers: threshold.speakers, scores: origin)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(contents), as: UTF8.self)
  }

  /// What a score says of two recordings.
  package enum Answer: String, Sendable {
    case same, different
    case unknown = "cannot tell"
  }

  /// The rule that a file holds.
  package struct Rule: Sendable, Equatable {
    /// How the scores were made that it is for; nil where it is not known.
    package let scores: ScoreOrigin?
    private let low: Double
    private let high: Double

    fileprivate init(_ rate: DecisionThreshold.Rate, of scores: ScoreOrigin?) {
      (low, high, self.scores) = (rate.low, rate.high, scores)
    }

    /// `same` above the threshold's interval, `different` up to its lower end, and no answer between.
    package func answer(_ score: Double) -> Answer { score > high ? .same : score <= low ? .different : .unknown }
  }

  /// Reads the rule of a file that `svdist threshold` wrote.
  /// - Throws: `Failure(.badData)` where it is none.
  package static func read(_ path: String) throws -> Rule {
    let bytes = try InputFile.contents(of: path)
    guard let contents = try? contents(Array(bytes)) else {
      throw Failure(.badData, "\(path): is no threshold of svdist threshold, or of another version")
    }
    return Rule(contents.threshold, of: contents.scores)
  }

  private static func contents(_ bytes: [UInt8]) throws -> Contents {
    let contents = try JSONDecoder().decode(Contents.self, from: Data(bytes))
    let rate = contents.threshold
    guard contents.format == Contents.format, [rate.value, rate.low, rate.high].allSatisfy(\.isFinite),
      rate.low <= rate.high
    else { throw Failure(.badData, "another format") }
    return contents
  }
}
